import { Block } from '../../../core/wire/block.ts';
import { MalformedMcap, FieldReader } from '../format/bytes.ts';
import { findMessages } from '../format/message-columns.ts';
import { memberValue, findMember, isObject, valueText } from '../../formats/support/json-bytes.ts';
import { HEAD_BYTES, readChannel, type McapChannel } from '../format/records.ts';
import { isRestored } from './restored-state.ts';
import { sortedRows, type ChannelRows } from '../format/channel-rows.ts';

/** A message that can't be played. */
export interface RefusedMessage {
  topic: string;
  sequence: number;
  reason: string;
  content: string;
}

/** What a message of a channel holds. */
type MessageKind = 'datum' | 'event' | 'foreign';

interface ChannelDecoding {
  /** Index into the channels that are played. */
  channel: number;
  kind: MessageKind;
  /** Index into the names, or -1: each message says. */
  subject: number;
  /** The member that holds the subject. */
  column: Buffer | null;
  topic: string;
  /** It is not played: see restored.ts. */
  restored: boolean;
}

const DATA = Buffer.from('data');
const SUBJECT = Buffer.from('subject');
const CONTENT_MAX_BYTES = 2_000;
/** A message's number stands so far before its data. */
const SEQUENCE_BACK = 20;

export interface ScannerOptions {
  /** The channel's index for a topic. */
  channelOf(topic: string): number;
  /** Written by Reprise: what it holds was checked then. */
  trusted: boolean;
  /** The member that names the subject where the file does not say. */
  subject?: string | undefined;
  /** Why a datum can't be on the channel; null when it can. Asked where the file is not trusted. */
  check(channel: number, datum: unknown): string | null;
  refuse(message: RefusedMessage): void;
}

/**
 * Turns the records of chunks into columns. The texts are not copied and, in a recording of Reprise's own, not looked
 * at. All blocks share their names.
 */
export class Scanner {
  readonly names: string[] = [];
  readonly #index = new Map<string, number>();
  readonly #readings: (ChannelDecoding | undefined)[] = [];
  /** By id of an MCAP channel, 1 where a message is a datum that need not be looked at. */
  readonly #plain = new Uint8Array(1 << 16);
  readonly #options: ScannerOptions;

  constructor(channels: Iterable<McapChannel>, options: ScannerOptions) {
    this.#options = options;
    for (const channel of channels) this.#learn(channel);
  }

  /** Whether a channel has messages of several subjects. */
  get shared(): boolean {
    return this.#readings.some((reading) => reading !== undefined && reading.subject < 0);
  }

  /** The records of one chunk in time order; with `only`, those whose data begin there. @throws Broken */
  scan(bytes: Buffer, messages = findMessages(bytes), only?: ReadonlySet<number>): ChannelRows {
    for (const at of messages.names) {
      const end = at + HEAD_BYTES + bytes.readUInt32LE(at + 1);
      this.#learn(readChannel(new FieldReader(bytes, at + HEAD_BYTES, end)));
    }
    // Where each message costs a few ns or a hundred: what the loop needs is at hand.
    const [readings, plain] = [this.#readings, this.#plain];
    const { count, ids, timesMs, subjects, starts, ends, channels } = messages;
    const made = new AppendedTexts(bytes.length);
    let row = 0;
    let lastMs = -Infinity;
    let ordered = true;
    for (let i = 0; i < count; i++) {
      if (only && !only.has(starts[i]!)) continue;
      const id = ids[i]!;
      const reading = readings[id];
      if (!reading) throw new MalformedMcap('a message is of a channel that was never named');
      starts[row] = starts[i]!;
      ends[row] = ends[i]!;
      subjects[row] = reading.subject;
      if (plain[id] === 0 && !this.#read(bytes, reading, messages, row, made)) continue;
      const timeMs = timesMs[i]!;
      if (timeMs < lastMs) ordered = false;
      timesMs[row] = lastMs = timeMs;
      channels[row++] = reading.channel;
    }
    const block = new Block({
      timesMs: timesMs.subarray(0, row),
      subjects: subjects.subarray(0, row),
      names: this.names,
      data: made.after(bytes),
      starts: starts.subarray(0, row),
      ends: ends.subarray(0, row),
    });
    const scanned = { block, channels: channels.subarray(0, row) };
    return ordered ? scanned : sortedRows(scanned);
  }

  /** A message that is more than a datum under a known subject; false when it can't be played. */
  #read(
    bytes: Buffer,
    { channel, kind, column, topic, subject, restored }: ChannelDecoding,
    { starts, ends, subjects }: Pick<Block, 'starts' | 'ends' | 'subjects'>,
    row: number,
    made: AppendedTexts,
  ): boolean {
    if (restored) return false;
    const [start, end] = [starts[row]!, ends[row]!];
    const refuse = (reason: string) => {
      const content = bytes.toString('utf8', start, Math.min(end, start + CONTENT_MAX_BYTES));
      this.#options.refuse({ topic, sequence: bytes.readUInt32LE(start - SEQUENCE_BACK), reason, content });
      return false;
    };
    if (kind === 'foreign') {
      [starts[row], ends[row]] = made.add(`{"base64":"${bytes.toString('base64', start, end)}"}`);
      return true;
    }
    if (!isObject(bytes, start, end)) return refuse('Not a JSON object.');
    if (!this.#options.trusted) {
      const text = bytes.toString('utf8', start, end);
      try {
        const value = JSON.parse(text) as unknown;
        const problem = kind === 'datum' ? this.#options.check(channel, value) : null;
        if (problem) return refuse(problem);
        // An event is one line.
        if (/[\n\r]/.test(text)) [starts[row], ends[row]] = made.add(JSON.stringify(value));
      } catch (error) {
        return refuse(`Not JSON: ${(error as Error).message}.`);
      }
    }
    if (subject < 0) {
      if (!findMember(bytes, start, end, column!)) return refuse(`No subject: no "${column!.toString()}".`);
      const name = valueText(bytes, memberValue.start, memberValue.end);
      if (name === null) return refuse(`No subject: "${column!.toString()}" is no text.`);
      subjects[row] = this.#subject(name);
    }
    if (kind === 'datum') return true;
    if (!findMember(bytes, start, end, DATA)) return refuse('An event without data.');
    [starts[row], ends[row]] = [memberValue.start, memberValue.end];
    return isObject(bytes, memberValue.start, memberValue.end) || refuse("An event's data is no object.");
  }

  #learn(named: McapChannel): void {
    const { id, topic, encoding, metadata } = named;
    if (this.#readings[id]) return;
    const subject = metadata.get('subject');
    const column = metadata.get('subjectColumn') ?? this.#options.subject;
    const isEvent = metadata.get('envelope') === 'cloudevents';
    const said = subject !== undefined || (column === undefined && !isEvent);
    this.#readings[id] = {
      channel: this.#options.channelOf(topic),
      kind: encoding !== 'json' ? 'foreign' : isEvent ? 'event' : 'datum',
      subject: said || encoding !== 'json' ? this.#subject(subject ?? topic) : -1,
      column: said ? null : isEvent ? SUBJECT : Buffer.from(JSON.stringify(column).slice(1, -1)),
      topic,
      restored: isRestored(named),
    };
    const { kind, subject: index, restored } = this.#readings[id];
    this.#plain[id] = kind === 'datum' && index >= 0 && this.#options.trusted && !restored ? 1 : 0;
  }

  #subject(name: string): number {
    let index = this.#index.get(name);
    if (index === undefined) this.#index.set(name, (index = this.names.push(name) - 1));
    return index;
  }
}

/** Texts that stand nowhere in the chunk. */
class AppendedTexts {
  readonly #texts: Buffer[] = [];
  #end: number;

  constructor(end: number) {
    this.#end = end;
  }

  add(text: string): [start: number, end: number] {
    const bytes = Buffer.from(text);
    this.#texts.push(bytes);
    const start = this.#end;
    return [start, (this.#end += bytes.length)];
  }

  after(bytes: Buffer): Buffer {
    return this.#texts.length === 0 ? bytes : Buffer.concat([bytes, ...this.#texts]);
  }
}
