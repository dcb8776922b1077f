import { isTooDeep, TOO_DEEP } from '../../../core/wire/json-depth.ts';
import { isUtf8 } from 'node:buffer';
import { Block } from '../../../core/wire/block.ts';
import { CONTENT, encodingOf, OBJECTS, onOneLine, wrapped } from '../format/bare-data.ts';
import { MalformedMcap, FieldReader } from '../format/bytes.ts';
import { findMessages } from '../format/message-columns.ts';
import { memberValue, findMember, isObject, valueText } from '../../formats/support/json-bytes.ts';
import { HEAD_BYTES, readChannel, type McapChannel } from '../format/records.ts';
import { AppendedTexts } from './appended-texts.ts';
import { isPlayed, isRestored } from './unplayed.ts';
import { sortedRows, type ChannelRows } from '../format/channel-rows.ts';

/** A message that can't be played. */
export interface RefusedMessage {
  topic: string;
  sequence: number;
  reason: string;
  content: string;
}

/**
 * What the messages of a channel are: data alone, events with their data, messages that were recorded bare and are published
 * bare, or bytes in an encoding other than JSON.
 */
type MessageKind = 'datum' | 'event' | 'bare' | 'foreign';

/** How the messages of an MCAP channel become records. */
interface ChannelDecoding {
  /** Index into the channels that are played. */
  channel: number;
  kind: MessageKind;
  /** Index into the names; -1: each message names its subject. */
  subject: number;
  /** The member that names the subject, where each message does. */
  column: Buffer | null;
  topic: string;
  encoding: string;
  /** Whether its messages are played (unplayed.ts). */
  played: boolean;
  /** Whether the channel holds only restored state. */
  restored: boolean;
}

const DATA = Buffer.from('data');
const SUBJECT = Buffer.from('subject');
const CONTENT_MAX_BYTES = 2_000;
/** How far before its data a message has its sequence number. */
const SEQUENCE_BACK = 20;

export interface ScannerOptions {
  /** The index of a topic's channel. */
  channelOf(topic: string): number;
  /** Whether the data were checked when the file was written, so that they need not be parsed. */
  trusted: boolean;
  /** The member that names the subject, where the file does not tell. */
  subject?: string | undefined;
  /** Why a datum is not allowed on a channel; null when it is. Called for data that are not trusted. */
  check(channel: number, datum: unknown): string | null;
  /** Receives each message that can't be played. */
  refuse(message: RefusedMessage): void;
}

/**
 * Turns the records of chunks into columns. Texts are not copied and, where they are trusted, not even read. All blocks
 * share one list of names.
 */
export class Scanner {
  readonly names: string[] = [];
  readonly #index = new Map<string, number>();
  readonly #decodings: (ChannelDecoding | undefined)[] = [];
  /**
   * By MCAP channel id: 1 where each message is a trusted datum of a known subject, so that it need not be read; 2 where it is
   * such a datum that was recorded bare.
   */
  readonly #plain = new Uint8Array(1 << 16);
  readonly #options: ScannerOptions;

  constructor(channels: Iterable<McapChannel>, options: ScannerOptions) {
    this.#options = options;
    for (const channel of channels) this.#learn(channel);
  }

  /** Whether any channel has messages of several subjects. */
  get shared(): boolean {
    return this.#decodings.some((decoding) => decoding !== undefined && decoding.subject < 0);
  }

  /** The records of one chunk in time order; with `only`, just those whose data begin at these places. With `places`,
   * they stay in file order, and `places` gets where the data of each begin. @throws MalformedMcap */
  scan(
    bytes: Buffer,
    messages = findMessages(bytes),
    only?: ReadonlySet<number>,
    places?: number[],
  ): ChannelRows {
    for (const at of messages.names) {
      const end = at + HEAD_BYTES + bytes.readUInt32LE(at + 1);
      this.#learn(readChannel(new FieldReader(bytes, at + HEAD_BYTES, end)));
    }
    // Local variables: private fields would multiply the few nanoseconds that a message costs here.
    const [decodings, plain] = [this.#decodings, this.#plain];
    const { count, ids, timesMs, subjects, starts, ends, channels } = messages;
    const appended = new AppendedTexts(bytes, count);
    let row = 0;
    let lastMs = -Infinity;
    let ordered = true;
    for (let i = 0; i < count; i++) {
      if (only && !only.has(starts[i]!)) continue;
      const id = ids[i]!;
      const decoding = decodings[id];
      if (!decoding) throw new MalformedMcap('a message belongs to a channel that the file does not name');
      starts[row] = starts[i]!;
      ends[row] = ends[i]!;
      const place = starts[i]!;
      subjects[row] = decoding.subject;
      if (plain[id] === 0 && !this.#read(bytes, decoding, messages, row, appended)) continue;
      if (plain[id] === 2) appended.bare(row, starts[row]!, ends[row]!);
      const timeMs = timesMs[i]!;
      if (timeMs < lastMs) ordered = false;
      timesMs[row] = lastMs = timeMs;
      places?.push(place);
      channels[row++] = decoding.channel;
    }
    const block = new Block({
      timesMs: timesMs.subarray(0, row),
      subjects: subjects.subarray(0, row),
      names: this.names,
      data: appended.data(),
      starts: starts.subarray(0, row),
      ends: ends.subarray(0, row),
      bare: appended.bareMessages(row),
    });
    const scanned = { block, channels: channels.subarray(0, row) };
    return ordered || places ? scanned : sortedRows(scanned);
  }

  /** Whether a message of an MCAP channel only restores state. */
  isRestored(id: number): boolean {
    return this.#decodings[id]?.restored ?? false;
  }

  /** Reads a message that is not a trusted datum of a known subject; false when it can't be played. */
  #read(
    bytes: Buffer,
    { channel, kind, column, topic, encoding, subject, played }: ChannelDecoding,
    { starts, ends, subjects }: Pick<Block, 'starts' | 'ends' | 'subjects'>,
    row: number,
    appended: AppendedTexts,
  ): boolean {
    if (!played) return false;
    const [start, end] = [starts[row]!, ends[row]!];
    const refuse = (reason: string) => {
      const content = bytes.toString('utf8', start, Math.min(end, start + CONTENT_MAX_BYTES));
      this.#options.refuse({ topic, sequence: bytes.readUInt32LE(start - SEQUENCE_BACK), reason, content });
      return false;
    };
    if (kind === 'foreign') {
      [starts[row], ends[row]] = appended.add(wrapped(bytes.subarray(start, end), encoding));
      return true;
    }
    if (kind === 'bare') {
      const message = bytes.subarray(start, end);
      const found = encodingOf(message);
      if (!found.isObject) [starts[row], ends[row]] = appended.add(wrapped(message, found.encoding));
      else if (appended.hasLineEnd(start, end)) [starts[row], ends[row]] = appended.add(onOneLine(message));
      appended.bare(row, start, end);
      return true;
    }
    if (!isObject(bytes, start, end)) return refuse('Not a JSON object.');
    if (!this.#options.trusted) {
      if (!isUtf8(bytes.subarray(start, end))) return refuse('Not JSON: it is not valid UTF-8.');
      const text = bytes.toString('utf8', start, end);
      try {
        if (isTooDeep(text)) return refuse(`Too deep: ${TOO_DEEP}.`);
        const value = JSON.parse(text) as unknown;
        const problem = kind === 'datum' ? this.#options.check(channel, value) : null;
        if (problem) return refuse(problem);
      } catch (error) {
        return refuse(`Not JSON: ${(error as Error).message}.`);
      }
    }
    if (subject < 0) {
      if (!findMember(bytes, start, end, column!))
        return refuse(`No subject: the message has no "${column!.toString()}".`);
      const name = valueText(bytes, memberValue.start, memberValue.end);
      if (name === null) return refuse(`No subject: "${column!.toString()}" is neither text nor a number.`);
      subjects[row] = this.#subject(name);
    }
    if (kind === 'event') {
      if (!findMember(bytes, start, end, DATA)) return refuse('The event has no data.');
      [starts[row], ends[row]] = [memberValue.start, memberValue.end];
      if (!isObject(bytes, memberValue.start, memberValue.end))
        return refuse('The data of the event are not an object.');
    }
    // On the wire an event is one line.
    const [from, to] = [starts[row]!, ends[row]!];
    if (appended.hasLineEnd(from, to))
      [starts[row], ends[row]] = appended.add(onOneLine(bytes.subarray(from, to)));
    return true;
  }

  /** Works out how to read the messages of a channel; the first record of a channel counts. */
  #learn(record: McapChannel): void {
    const { id, topic, encoding, metadata } = record;
    if (this.#decodings[id]) return;
    const subject = metadata.get('subject');
    const column = metadata.get('subjectColumn') ?? this.#options.subject;
    const envelope = metadata.get('envelope');
    const isEvent = envelope === 'cloudevents';
    const isBare = envelope === 'none';
    const isKnown = subject !== undefined || isBare || (column === undefined && !isEvent);
    this.#decodings[id] = {
      channel: this.#options.channelOf(topic),
      kind: isBare ? 'bare' : encoding !== 'json' ? 'foreign' : isEvent ? 'event' : 'datum',
      subject: isKnown || encoding !== 'json' ? this.#subject(subject ?? topic) : -1,
      column: isKnown ? null : isEvent ? SUBJECT : Buffer.from(JSON.stringify(column).slice(1, -1)),
      topic,
      encoding,
      played: isPlayed(record),
      restored: isRestored(record),
    };
    const { kind, subject: index, played } = this.#decodings[id];
    const isPlain = index >= 0 && this.#options.trusted && played;
    if (kind === 'datum') this.#plain[id] = isPlain ? 1 : 0;
    if (kind === 'bare') this.#plain[id] = isPlain && metadata.get(CONTENT) === OBJECTS ? 2 : 0;
  }

  #subject(name: string): number {
    let index = this.#index.get(name);
    if (index === undefined) this.#index.set(name, (index = this.names.push(name) - 1));
    return index;
  }
}
