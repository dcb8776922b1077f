import { Block } from '../../core/block.ts';
import { Broken, Fields, msOf } from './bytes.ts';
import { found, findMember, isObject, valueText } from './members.ts';
import { HEAD_BYTES, MESSAGE_BYTES, Opcode, readChannel, type McapChannel } from './records.ts';
import { isRestored } from './restored.ts';
import { sortedRows, type Rows } from './rows.ts';

/** A message that can't be played. */
export interface RefusedMessage {
  topic: string;
  sequence: number;
  reason: string;
  content: string;
}

/** What a message of a channel holds. */
type Kind = 'datum' | 'event' | 'foreign';

interface Reading {
  /** Index into the channels that are played. */
  channel: number;
  kind: Kind;
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
  readonly #readings: (Reading | undefined)[] = [];
  /** By id of an MCAP channel, 1 where a message is a datum that need not be looked at. */
  readonly #plain = new Uint8Array(1 << 16);
  readonly #options: ScannerOptions;
  #bytesPerMessage = 256;

  constructor(channels: Iterable<McapChannel>, options: ScannerOptions) {
    this.#options = options;
    for (const channel of channels) this.#learn(channel);
  }

  /** Whether a channel has messages of several subjects. */
  get shared(): boolean {
    return this.#readings.some((reading) => reading !== undefined && reading.subject < 0);
  }

  /** The records of one chunk in time order; with `only`, those whose data begin there. @throws Broken */
  scan(bytes: Buffer, only?: ReadonlySet<number>): Rows {
    // Where each message costs 60 ns or 100: what the loop needs is at hand, and read in words.
    const [readings, plain] = [this.#readings, this.#plain];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const made = new MadeTexts(bytes.length);
    let room = this.#allocate(bytes);
    let { timesMs, subjects, starts, ends, channels } = room;
    let row = 0;
    let lastMs = -Infinity;
    let ordered = true;
    for (let at = 0, end: number; at < bytes.length; at = end) {
      end = at + recordLength(view, at);
      if (bytes[at] !== Opcode.MESSAGE) {
        if (bytes[at] === Opcode.CHANNEL) this.#learn(readChannel(new Fields(bytes, at + HEAD_BYTES, end)));
        continue;
      }
      if (end - at < MESSAGE_BYTES) throw new Broken('a message is too short');
      if (only && !only.has(at + MESSAGE_BYTES)) continue;
      if (row === timesMs.length) ({ timesMs, subjects, starts, ends, channels } = room = larger(room));
      const id = view.getUint16(at + HEAD_BYTES, true);
      const reading = readings[id];
      if (!reading) throw new Broken('a message is of a channel that was never named');
      starts[row] = at + MESSAGE_BYTES;
      ends[row] = end;
      subjects[row] = reading.subject;
      if (plain[id] === 0 && !this.#read(bytes, at, reading, room, row, made)) continue;
      const timeMs = msOf(view.getUint32(at + 19, true), view.getUint32(at + 15, true));
      if (timeMs < lastMs) ordered = false;
      timesMs[row] = lastMs = timeMs;
      channels[row++] = reading.channel;
    }
    this.#bytesPerMessage = bytes.length / Math.max(1, row);
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

  /** Room for as many messages as such a chunk has by what was seen so far. */
  #allocate(bytes: Buffer): Room {
    const size = Math.ceil((bytes.length / this.#bytesPerMessage) * 1.05) + 64;
    return {
      timesMs: new Float64Array(size),
      subjects: new Uint32Array(size),
      starts: new Uint32Array(size),
      ends: new Uint32Array(size),
      channels: new Uint16Array(size),
    };
  }

  /** A message that is more than a datum under a known subject; false when it can't be played. */
  #read(
    bytes: Buffer,
    at: number,
    { channel, kind, column, topic, subject, restored }: Reading,
    { starts, ends, subjects }: Pick<Block, 'starts' | 'ends' | 'subjects'>,
    row: number,
    made: MadeTexts,
  ): boolean {
    if (restored) return false;
    const [start, end] = [starts[row]!, ends[row]!];
    const refuse = (reason: string) => {
      const content = bytes.toString('utf8', start, Math.min(end, start + CONTENT_MAX_BYTES));
      this.#options.refuse({ topic, sequence: bytes.readUInt32LE(at + HEAD_BYTES + 2), reason, content });
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
      const name = valueText(bytes, found.start, found.end);
      if (name === null) return refuse(`No subject: "${column!.toString()}" is no text.`);
      subjects[row] = this.#subject(name);
    }
    if (kind === 'datum') return true;
    if (!findMember(bytes, start, end, DATA)) return refuse('An event without data.');
    [starts[row], ends[row]] = [found.start, found.end];
    return isObject(bytes, found.start, found.end) || refuse("An event's data is no object.");
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

type Room = Pick<Block, 'timesMs' | 'subjects' | 'starts' | 'ends'> & Pick<Rows, 'channels'>;

function larger(room: Room): Room {
  const grown = <T extends Float64Array | Uint32Array | Uint16Array>(from: T, to: T): T => {
    to.set(from);
    return to;
  };
  const size = room.timesMs.length * 2;
  return {
    timesMs: grown(room.timesMs, new Float64Array(size)),
    subjects: grown(room.subjects, new Uint32Array(size)),
    starts: grown(room.starts, new Uint32Array(size)),
    ends: grown(room.ends, new Uint32Array(size)),
    channels: grown(room.channels, new Uint16Array(size)),
  };
}

/** Texts that stand nowhere in the chunk. */
class MadeTexts {
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

/** @throws Broken where the record is not all there */
function recordLength(view: DataView, at: number): number {
  const whole = at + HEAD_BYTES <= view.byteLength;
  // A length beyond 32 bits is one that no chunk holds.
  const length =
    whole && view.getUint32(at + 5, true) === 0 ? HEAD_BYTES + view.getUint32(at + 1, true) : Infinity;
  if (at + length > view.byteLength) throw new Broken('a record within a chunk is not whole');
  return length;
}
