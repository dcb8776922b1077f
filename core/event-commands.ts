import type { Block } from './block.ts';
import { Bytes, digits, Stencil } from './bytes.ts';
import { isoTime, type Framer } from './event.ts';

/** More than the commands around one event take. */
const COMMANDS_BYTES = 1_024;
const CLOSE = '}'.charCodeAt(0);
const DAY_MS = 86_400_000;
/** Of a time in whole milliseconds of the years 1 to 9999, such as 2019-12-24T20:21:27.999Z. */
const PLAIN_LENGTH = 24;
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** For the prefixes of a few hundred subjects; doubled while there are more, up to so much. */
const KEPT_MIN_BYTES = 1 << 16;
const KEPT_MAX_BYTES = 1 << 22;

/** All of a `PUBLISH` up to the data, as it was written for an event of one subject. It is kept from batch to batch. */
interface Prefix {
  at: number;
  length: number;
  /** Of the event's length and of its offset, which have to be as many the next time. */
  lengthDigits: number;
  offsetDigits: number;
  /** Where its numbers end and its texts begin, from `at` on. */
  lengthEnd: number;
  offsetEnd: number;
  timeAt: number;
  secondOffsetEnd: number;
  sentAt: number;
  /** Of its time; NaN where that is none of whole milliseconds. */
  day: number;
  /** The batch whose `sent` it has. */
  batch: number;
}

/**
 * The events of one batch after the other as `PUBLISH` commands. What is the same as in an earlier event of the same
 * subject is copied in one piece, and the numbers written over: 0.3 us an event, where the pieces one by one take 0.8.
 */
export class EventCommands {
  readonly out = new Bytes();
  readonly #framer: Framer;
  readonly #head: string;
  readonly #subjects: SubjectTexts;
  readonly #time = new Time();
  #block!: Block;
  /** Between where the block's texts begin and where they stand in `out`. */
  #first = 0;
  #batch = 0;
  #shape!: Shape;
  #names: readonly string[] = [];
  /** By subject. */
  #prefixes: (Prefix | undefined)[] = [];
  #keptMax = KEPT_MIN_BYTES / 2;
  #isFull = true;
  /** Where the batch's `sent` stands; -1: nowhere yet. */
  #sentAt = -1;

  constructor(framer: Framer, channel: string, subjects: SubjectTexts) {
    this.#framer = framer;
    this.#head = `*3\r\n$7\r\nPUBLISH\r\n${bulk(channel)}$`;
    this.#subjects = subjects;
  }

  /** Begins `out` anew for a batch. `extra`: further members of each event as JSON text, with a leading comma. */
  begin(block: Block, epoch: number, sent: string, extra: string): void {
    const { out } = this;
    if (
      this.#batch === 0 ||
      !this.#shape.is(epoch, sent, extra) ||
      block.names !== this.#names ||
      this.#isFull
    ) {
      if (this.#isFull) this.#keptMax = Math.min(this.#keptMax * 2, KEPT_MAX_BYTES);
      this.#isFull = false;
      this.#prefixes = [];
      this.#names = block.names;
      out.forget(this.#keptMax);
    }
    this.#shape = new Shape(this.#framer, this.#head, epoch, sent, extra);
    this.#time.begin();
    this.#batch++;
    this.#sentAt = -1;
    this.#block = block;
    let [first, end] = [Infinity, 0];
    for (const start of block.starts) if (start < first) first = start;
    for (const place of block.ends) if (place > end) end = place;
    this.#first = first - out.begin(block.data.subarray(first, end));
  }

  /** Writes the event of a row; answers its length. It ends, with a line end, where is written next. */
  publish(row: number, offset: number): number {
    const [out, time] = [this.out, this.#time];
    const { starts, ends, subjects, timesMs } = this.#block;
    const start = starts[row]! - this.#first;
    const end = ends[row]! - this.#first;
    const isPlain = time.set(timesMs[row]!);
    const prefix = this.#prefixes[subjects[row]!];
    const length = prefix !== undefined && isPlain ? this.#again(prefix, offset, end - start) : -1;
    const written = length === -1 ? this.#anew(row, offset, end - start) : length;
    out.again(start, end);
    out.byte(CLOSE);
    out.newline();
    return written;
  }

  /** All up to the data as a copy; -1 where it has not the same shape. */
  #again(prefix: Prefix, offset: number, dataLength: number): number {
    const { out } = this;
    const { lengthDigits, offsetDigits } = prefix;
    const length = prefix.length - prefix.lengthEnd - 2 + dataLength + 1;
    if (digits(length) !== lengthDigits || digits(offset) !== offsetDigits) return -1;
    out.reserve((prefix.length + dataLength) * 2 + COMMANDS_BYTES);
    if (prefix.batch !== this.#batch) this.#renew(prefix);
    if (prefix.day !== this.#time.day) {
      this.#time.over(out, prefix.at + prefix.timeAt, prefix.day);
      prefix.day = this.#time.day;
    }
    const { at } = out;
    out.again(prefix.at, prefix.at + prefix.length);
    out.overwrite(length, lengthDigits, at + prefix.lengthEnd);
    out.overwrite(offset, offsetDigits, at + prefix.offsetEnd);
    out.overwrite(offset, offsetDigits, at + prefix.secondOffsetEnd);
    this.#time.over(out, at + prefix.timeAt, prefix.day);
    return length;
  }

  /** Gives a prefix of an earlier batch the `sent` of this one. */
  #renew(prefix: Prefix): void {
    const { sent } = this.#shape;
    const at = prefix.at + prefix.sentAt;
    if (this.#sentAt === -1) this.out.latin1Over(sent, at);
    else this.out.copyOver(this.#sentAt, this.#sentAt + sent.length, at);
    this.#sentAt = at;
    prefix.batch = this.#batch;
  }

  /** All up to the data, piece by piece. */
  #anew(row: number, offset: number, dataLength: number): number {
    const [out, shape, time] = [this.out, this.#shape, this.#time];
    const subject = this.#block.subjects[row]!;
    const name = this.#subjects.of(this.#block, subject);
    const offsetDigits = digits(offset);
    const length = shape.fixedBytes + offsetDigits * 2 + name.length + time.length + dataLength;
    const lengthDigits = digits(length);
    out.reserve(length * 2 + COMMANDS_BYTES);
    const { at } = out;
    shape.head.write(out, length, offset);
    const offsetEnd = out.at - at;
    out.latin1(name);
    const timeAt = out.at - at;
    time.write(out);
    shape.middle.write(out, offset);
    if (!time.isPlain) return length;
    const kept = out.keep(at, out.at);
    if (kept === -1) this.#isFull = this.#keptMax < KEPT_MAX_BYTES;
    else
      this.#prefixes[subject] = {
        at: kept,
        length: out.at - at,
        lengthDigits,
        offsetDigits,
        offsetEnd,
        timeAt,
        lengthEnd: this.#head.length + lengthDigits,
        secondOffsetEnd: out.at - at - shape.beforeDataLength,
        sentAt: out.at - at - shape.beforeDataLength + shape.sentAt,
        day: time.day,
        batch: this.#batch,
      };
    return length;
  }
}

/** What all events of a batch share. */
class Shape {
  readonly sent: string;
  readonly head: Stencil;
  readonly middle: Stencil;
  readonly beforeDataLength: number;
  /** Where `sent` begins in what stands between the second offset and the data. */
  readonly sentAt: number;
  /** Of an event without its offsets, subject, time and data. */
  readonly fixedBytes: number;
  readonly #epoch: number;
  readonly #extra: string;

  constructor(framer: Framer, head: string, epoch: number, sent: string, extra: string) {
    const texts = framer.parts(epoch, sent, extra);
    const beforeOffset = utf8(texts.beforeOffset);
    const beforeSecondOffset = utf8(texts.beforeSecondOffset);
    const beforeData = utf8(texts.beforeData);
    this.sent = sent;
    this.#epoch = epoch;
    this.#extra = extra;
    this.head = new Stencil(head, `\r\n${beforeOffset}`, '');
    this.middle = new Stencil(beforeSecondOffset, beforeData);
    this.beforeDataLength = beforeData.length;
    this.sentAt = beforeData.lastIndexOf(`"sent":"${sent}"${utf8(extra)},"data":`) + '"sent":"'.length;
    this.fixedBytes = beforeOffset.length + beforeSecondOffset.length + beforeData.length + 1;
  }

  /** Whether events of these have the same shape. */
  is(epoch: number, sent: string, extra: string): boolean {
    return this.#epoch === epoch && this.#extra === extra && this.sent.length === sent.length;
  }
}

/** An event's time. Of one in whole milliseconds its neighbours have the same day at least, and only numbers differ. */
class Time {
  day = NaN;
  /** Whether it is one of whole milliseconds, as most are. */
  isPlain = false;
  #timeMs = NaN;
  /** Where a time of this day stands. */
  #at = -1;

  /** What was written so far stands nowhere any more. */
  begin(): void {
    this.#at = -1;
  }

  /** Takes the time to be written next; answers whether it is plain. */
  set(timeMs: number): boolean {
    this.#timeMs = timeMs;
    this.isPlain = Number.isInteger(timeMs) && timeMs >= EARLIEST_MS && timeMs <= LATEST_MS;
    const day = this.isPlain ? Math.floor(timeMs / DAY_MS) : NaN;
    if (day !== this.day) this.#at = -1;
    this.day = day;
    return this.isPlain;
  }

  get length(): number {
    return this.isPlain ? PLAIN_LENGTH : isoTime(this.#timeMs).length;
  }

  write(out: Bytes): void {
    const { at } = out;
    if (this.#at === -1) out.latin1(isoTime(this.#timeMs));
    else {
      out.again(this.#at, this.#at + PLAIN_LENGTH);
      this.#overwrite(out, at);
    }
    if (this.isPlain) this.#at = at;
  }

  /** Writes a plain time over another, which is of the day given. */
  over(out: Bytes, at: number, day: number): void {
    if (day === this.day) this.#overwrite(out, at);
    else if (this.#at === -1) out.latin1Over(isoTime(this.#timeMs), at);
    else {
      out.copyOver(this.#at, this.#at + PLAIN_LENGTH, at);
      this.#overwrite(out, at);
    }
    this.#at = at;
  }

  /** The time of day: 2019-12-24T20:21:27.999Z has it in columns 11 to 23. */
  #overwrite(out: Bytes, at: number): void {
    const ms = this.#timeMs - this.day * DAY_MS;
    const seconds = (ms / 1000) | 0;
    const minutes = (seconds / 60) | 0;
    const hours = (minutes / 60) | 0;
    out.overwrite(hours, 2, at + 13);
    out.overwrite(minutes - hours * 60, 2, at + 16);
    out.overwrite(seconds - minutes * 60, 2, at + 19);
    out.overwrite(ms - seconds * 1000, 3, at + 23);
  }
}

/** The beginning of events up to their time, by subject: the same in every batch. */
export class SubjectTexts {
  readonly #before: string;
  readonly #after: string;
  #names: readonly string[] = [];
  #texts: string[] = [];

  constructor(framer: Framer) {
    const { beforeSubject, beforeTime } = framer.parts(0, '', '');
    this.#before = beforeSubject;
    this.#after = beforeTime;
  }

  /** UTF-8, its bytes as the characters of the same code. */
  of({ names }: Block, subject: number): string {
    if (names !== this.#names) [this.#names, this.#texts] = [names, []];
    return (this.#texts[subject] ??= utf8(this.#before + JSON.stringify(names[subject]) + this.#after));
  }
}

/** A word of a Redis command, its bytes as the characters of the same code. */
export function bulk(word: string): string {
  const bytes = utf8(word);
  return `$${bytes.length}\r\n${bytes}\r\n`;
}

/** UTF-8 bytes as the characters of the same code. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}
