import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { PassThrough, type Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { isoTime } from '../../core/wire/event.ts';
import type { Block } from '../../core/wire/block.ts';
import { findMember, membersOf } from '../formats/support/json-bytes.ts';
import type { PlayableRows } from '../playing/playable.ts';

/** How the rows of a recording become lines of text. */
export interface TextPlan {
  /** Names of the channels. Where there are several, each line names its channel. */
  channels: readonly string[];
  /** For each channel the member that holds the time, or null. Lines whose data lack it get a time and a subject. */
  timeColumns: (string | null)[];
}

type Member = [name: string, value: string];

/** Writes rows as lines of NDJSON or CSV, gzipped where `packed` is set. */
export class TextSink {
  readonly #to: Writable;
  readonly #done: Promise<void>;
  readonly #plan: TextPlan;
  /** The columns of a CSV; null for NDJSON. */
  readonly #columns: string[] | null;
  /** How many rows have been written. */
  rows = 0;

  constructor(path: string, packed: boolean, plan: TextPlan, columns: string[] | null) {
    const file = createWriteStream(path);
    this.#to = new PassThrough({ highWaterMark: 1 << 20 });
    this.#done = packed
      ? pipeline(this.#to as PassThrough, createGzip({ level: 4 }), file)
      : pipeline(this.#to as PassThrough, file);
    this.#done.catch(() => {}); // `end` awaits it.
    this.#plan = plan;
    this.#columns = columns;
    if (columns) this.#to.write(`${columns.map(cell).join(',')}\n`);
  }

  async write(rows: PlayableRows): Promise<void> {
    let text = '';
    for (let row = 0; row < rows.block.count; row++) {
      text += this.#columns
        ? csvLine(this.#columns, membersAt(rows, row, this.#plan))
        : this.#line(rows, row);
    }
    this.rows += rows.block.count;
    if (!this.#to.write(text)) await Promise.race([once(this.#to, 'drain'), this.#done]);
  }

  async end(): Promise<void> {
    this.#to.end();
    await this.#done;
  }

  #line({ block, channels }: PlayableRows, row: number): string {
    const data = block.data.toString('utf8', block.starts[row], block.ends[row]).trim();
    const added = addedMembers(block, row, channels?.[row] ?? 0, this.#plan);
    if (added.length === 0) return `${data}\n`;
    const members = added.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
    return `{${members}${/^\{\s*\}$/.test(data) ? '' : ','}${data.slice(1)}\n`;
  }
}

/** Collects the columns of a recording's rows, in the order in which they first occur. */
export class ColumnNames {
  readonly names = new Set<string>();
  readonly #plan: TextPlan;

  constructor(plan: TextPlan) {
    this.#plan = plan;
  }

  add(rows: PlayableRows): void {
    for (let row = 0; row < rows.block.count; row++) {
      for (const [name] of membersAt(rows, row, this.#plan)) this.names.add(name);
    }
  }
}

function membersAt({ block, channels }: PlayableRows, row: number, plan: TextPlan): Member[] {
  const members = membersOf(block.data, block.starts[row]!, block.ends[row]!);
  return [...addedMembers(block, row, channels?.[row] ?? 0, plan), ...members];
}

/** The members that a line needs besides its datum: time, subject and channel, unless the datum has them. */
function addedMembers(block: Block, row: number, channel: number, plan: TextPlan): Member[] {
  const { channels, timeColumns } = plan;
  const has = (name: string) =>
    findMember(
      block.data,
      block.starts[row]!,
      block.ends[row]!,
      Buffer.from(JSON.stringify(name).slice(1, -1)),
    );
  const members: Member[] = [];
  const timeColumn = timeColumns[channel] ?? null;
  if (timeColumn === null || !has(timeColumn)) {
    members.push(['time', `"${isoTime(block.timesMs[row]!)}"`]);
    members.push(['subject', JSON.stringify(block.names[block.subjects[row]!])]);
  }
  if (channels.length > 1) members.push(['channel', JSON.stringify(channels[channel])]);
  return members.filter(([name]) => !has(name));
}

function csvLine(columns: string[], members: Member[]): string {
  const values = new Map(members);
  return `${columns.map((column) => cell(plain(values.get(column)))).join(',')}\n`;
}

/** A JSON value as text for a cell: numbers digit for digit, strings without their quotes, null as ''. */
function plain(value: string | undefined): string {
  if (value === undefined || value === 'null') return '';
  return value.startsWith('"') ? (JSON.parse(value) as string) : value;
}

function cell(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
