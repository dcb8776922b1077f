import type { Block } from '../wire/block.ts';
import { word, type CommandBuffer } from './command-buffer.ts';
import type { Framer } from '../wire/event.ts';
import { JobField, Framing } from './framing.ts';

const DAY_MS = 86_400_000;
const OFFSET_DIGITS = 16;
/** Copies in framing.as read beyond their end by so much. */
const SLACK_BYTES = 16;
/** A longer text of a subject is not kept. */
const TEXT_MAX_BYTES = 1 << 15;
/** Has no texts at hand. */
const NOBODY = 2 ** 32 - 1;

/** What all events of a batch share. */
export interface Envelope {
  epoch: number;
  sent: string;
  /** Further members of each event as JSON text, with a leading comma. */
  extra: string;
  /** The same of single events, by their row. */
  extras?: ReadonlyMap<number, string> | undefined;
}

/** Where an event stands among the commands. */
export interface ByteRange {
  at: number;
  length: number;
}

/** One a thread. */
let framing: Framing | null = null;
let owners = 0;
/** Where the next subject's text is kept. */
let textAt = Infinity;

/**
 * The events of blocks as `PUBLISH` commands, each with its `XADD` where there is a log. The loop over the rows is
 * WebAssembly (`framing.as`): an event takes 0.2 us with all that leads there, where JavaScript took 0.5, which pays 40 ns for
 * a copy of a few bytes. Here is laid down what the loop needs, and done what its memory can't hold.
 */
export class EventCommands {
  readonly #framer: Framer;
  readonly #publish: string;
  readonly #append: string | null;
  #out!: CommandBuffer;
  #block!: Block;
  #envelope!: Envelope;
  /** Offset of the block's first row, and its place in the block that was given. */
  #offset = 0;
  #first = 0;
  /** Whose texts of subjects are at hand, of which names. */
  #owner = NOBODY;
  #names: readonly string[] = [];

  /** `log`: the stream that the events are appended to; null: to none. */
  constructor(framer: Framer, channel: string, log: string | null) {
    this.#framer = framer;
    this.#publish = `*3\r\n$7\r\nPUBLISH\r\n${word(channel)}`;
    this.#append = log === null ? null : `*5\r\n$4\r\nXADD\r\n${word(log)}`;
  }

  /**
   * Appends the commands of all rows, from this offset on. `latest` is told where the latest event of each subject
   * stands, by the subject's index.
   */
  write(
    out: CommandBuffer,
    block: Block,
    offset: number,
    envelope: Envelope,
    latest?: Map<number, ByteRange>,
  ): void {
    framing ??= new Framing();
    [this.#out, this.#envelope] = [out, envelope];
    if (block.names !== this.#names) [this.#names, this.#owner] = [block.names, ++owners];
    this.#share(framing);
    const { ROWS } = framing.place;
    for (let row = 0; row < block.count; row += ROWS) {
      this.#block = block.slice(row, Math.min(row + ROWS, block.count));
      this.#offset = offset + row;
      this.#first = row;
      this.#rows(framing);
      if (latest) this.#note(framing, latest);
    }
  }

  /** Lays down what all events share; where that is too long, nobody has texts at hand. */
  #share({ bytes, place, table, job, day }: Framing): void {
    const { epoch, sent, extra } = this.#envelope;
    const parts = this.#framer.parts(epoch, sent, extra);
    const texts = [
      `${this.#publish}$`,
      `\r\n${parts.beforeOffset}`,
      `Z${parts.beforeSecondOffset}`,
      parts.beforeData,
      `${this.#append}$`,
      `\r\n${epoch}-`,
      '\r\n$1\r\ne\r\n$',
    ];
    const end = place.PIECES + place.PIECES_BYTES;
    let at = place.PIECES;
    texts.forEach((text, i) => {
      const length = at < end ? bytes.write(text, at, end - at) : 0;
      table[i * 2] = at;
      table[i * 2 + 1] = length;
      at += length + SLACK_BYTES;
    });
    const isWhole = at < end;
    job[JobField.owner] = isWhole ? this.#owner : NOBODY;
    job[JobField.isLogged] = this.#append === null ? 0 : 1;
    day[0] = NaN;
  }

  #rows(framing: Framing): void {
    const { bytes, job, place } = framing;
    const [block, out] = [this.#block, this.#out];
    framing.timesMs.set(block.timesMs);
    framing.subjects.set(block.subjects);
    framing.starts.set(block.starts);
    framing.ends.set(block.ends);
    for (let row = 0; row < block.count;) {
      const alike = this.#alike(row, block.count);
      const { first, end, to } = nearby(block, row, alike, place.DATA_BYTES);
      if (to === row) {
        this.#single(framing, row++);
        continue;
      }
      bytes.set(block.data.subarray(first, end), place.DATA);
      job[JobField.dataShift] = place.DATA - first;
      while (row < to) {
        const digits = String(this.#offset + row);
        const at = place.OFFSET + OFFSET_DIGITS - digits.length;
        bytes.write(digits, at, 'latin1');
        job[JobField.offsetAt] = at;
        job[JobField.placeShift] = out.at - place.OUT;
        const reached = framing.frame(row, to);
        out.append(bytes, place.OUT, job[JobField.outAt]!);
        if (reached === row && !this.#supply(framing, row)) this.#single(framing, row++);
        else row = reached;
      }
    }
  }

  /** The end of the rows from one on that have no members of their own. */
  #alike(row: number, count: number): number {
    const { extras } = this.#envelope;
    if (!extras) return count;
    let end = row;
    while (end < count && !extras.has(this.#first + end)) end++;
    return end;
  }

  /** Gets what the loop stopped for: a subject's text or a date. False where it was for want of room. */
  #supply(framing: Framing, row: number): boolean {
    const { bytes, cache, place, job, day } = framing;
    const owner = job[JobField.owner]!;
    if (owner === NOBODY) return false;
    const subject = this.#block.subjects[row]!;
    const entry = framing.entry(owner, subject);
    if (cache[entry] !== owner || cache[entry + 1] !== subject) return this.#keep(framing, entry, subject);
    const today = Math.floor(this.#block.timesMs[row]! / DAY_MS);
    if (today === day[0]) return false;
    const date = new Date(today * DAY_MS).toISOString().slice(0, -'00:00:00.000Z'.length);
    job[JobField.dateLength] = bytes.write(date, place.DATE, 'latin1');
    day[0] = today;
    return true;
  }

  /** Keeps the text that leads from an event's first offset over its subject to its time. */
  #keep({ bytes, cache, place }: Framing, entry: number, subject: number): boolean {
    const { beforeSubject, beforeTime } = this.#framer.parts(0, '', '');
    const text = beforeSubject + JSON.stringify(this.#names[subject]) + beforeTime;
    if (text.length * 3 > TEXT_MAX_BYTES) return false;
    if (textAt + TEXT_MAX_BYTES > place.TEXTS + place.TEXTS_BYTES) {
      cache.fill(0);
      textAt = place.TEXTS;
    }
    const length = bytes.write(text, textAt);
    cache.set([this.#owner, subject, textAt, length], entry);
    textAt += length + SLACK_BYTES;
    return true;
  }

  /** Appends the commands of one row, made as text. */
  #single({ places, lengths }: Framing, row: number): void {
    const out = this.#out;
    const { epoch, sent, extras } = this.#envelope;
    const extra = this.#envelope.extra + (extras?.get(this.#first + row) ?? '');
    const offset = this.#offset + row;
    const event = this.#framer.frame({ ...this.#block.record(row), extra }, epoch, offset, sent);
    lengths[row] = Buffer.byteLength(event);
    out.text(`${this.#publish}$${lengths[row]}\r\n`);
    places[row] = out.at;
    out.text(event);
    out.text('\r\n');
    if (this.#append === null) return;
    out.text(`${this.#append}${word(`${epoch}-${offset}`)}$1\r\ne\r\n$${lengths[row]}\r\n`);
    out.again(places[row], places[row] + lengths[row] + 2);
  }

  #note({ places, lengths }: Framing, latest: Map<number, ByteRange>): void {
    const rows = new Map<number, number>();
    this.#block.subjects.forEach((subject, row) => rows.set(subject, row));
    for (const [subject, row] of rows) latest.set(subject, { at: places[row]!, length: lengths[row]! });
  }
}

/** The rows from one on, up to another, whose texts lie within so many bytes, and which; none where that of the first is larger. */
function nearby({ starts, ends }: Block, row: number, count: number, bytes: number) {
  let [first, end, to] = [starts[row]!, ends[row]!, row];
  for (; to < count; to++) {
    const [lower, upper] = [Math.min(first, starts[to]!), Math.max(end, ends[to]!)];
    if (upper - lower > bytes) break;
    [first, end] = [lower, upper];
  }
  return { first, end, to };
}
