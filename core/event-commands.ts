import type { Block } from './block.ts';
import { digits, Stencil, type Bytes } from './bytes.ts';
import { isoTime, type Framer } from './event.ts';

/** More than the commands around one event take. */
const COMMANDS_BYTES = 1_024;
const CLOSE = '}'.charCodeAt(0);
const DAY_MS = 86_400_000;
/** Of a time in whole milliseconds of the years 1 to 9999, such as 2019-12-24T20:21:27.999Z. */
const PLAIN_LENGTH = 24;
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z');
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** All of a `PUBLISH` up to the data, as it was written for the last event of a subject. */
interface Prefix {
  at: number;
  length: number;
  /** Of the event's length and of its offset, which have to be as many the next time. */
  lengthDigits: number;
  offsetDigits: number;
  /** Where its numbers end and its time begins, from `at` on. */
  lengthEnd: number;
  offsetEnd: number;
  timeAt: number;
  secondOffsetEnd: number;
  /** Of its time; NaN where that is none of whole milliseconds. */
  day: number;
}

/**
 * The events of a block as `PUBLISH` commands. What is the same as in the last event of the same subject is copied from
 * there in one piece, and the numbers written over: 0.3 us an event, where the pieces one by one take 0.8.
 */
export class EventCommands {
  readonly #out: Bytes;
  readonly #block: Block;
  /** Between where the block's texts begin and where they stand in `out`. */
  readonly #first: number;
  readonly #head: Stencil;
  readonly #headLength: number;
  readonly #middle: Stencil;
  readonly #subjects: SubjectTexts;
  readonly #beforeDataLength: number;
  readonly #fixedBytes: number;
  readonly #prefixes = new Map<number, Prefix>();
  readonly #time = new Time();

  /** `first`: the place of the block's data that stands at 0 in `out`. */
  constructor(
    out: Bytes,
    block: Block,
    first: number,
    channel: string,
    texts: ReturnType<Framer['parts']>,
    subjects: SubjectTexts,
  ) {
    this.#out = out;
    this.#block = block;
    this.#first = first;
    const head = `*3\r\n$7\r\nPUBLISH\r\n${bulk(channel)}$`;
    const beforeSecondOffset = utf8(texts.beforeSecondOffset);
    const beforeData = utf8(texts.beforeData);
    const beforeOffset = utf8(texts.beforeOffset);
    this.#subjects = subjects;
    this.#head = new Stencil(head, `\r\n${beforeOffset}`, '');
    this.#headLength = head.length;
    this.#middle = new Stencil(beforeSecondOffset, beforeData);
    this.#beforeDataLength = beforeData.length;
    this.#fixedBytes = beforeOffset.length + beforeSecondOffset.length + beforeData.length + 1;
  }

  /** Writes the event of a row; answers its length. It ends, with a line end, where is written next. */
  publish(row: number, offset: number): number {
    const [out, time] = [this.#out, this.#time];
    const { starts, ends, subjects, timesMs } = this.#block;
    const start = starts[row]! - this.#first;
    const end = ends[row]! - this.#first;
    const isPlain = time.set(timesMs[row]!);
    const prefix = this.#prefixes.get(subjects[row]!);
    const length = prefix !== undefined && isPlain ? this.#again(prefix, offset, end - start) : -1;
    const written = length === -1 ? this.#anew(row, offset, end - start) : length;
    out.again(start, end);
    out.byte(CLOSE);
    out.newline();
    return written;
  }

  /** All up to the data as a copy; -1 where it has not the same shape. */
  #again(prefix: Prefix, offset: number, dataLength: number): number {
    const out = this.#out;
    const { lengthDigits, offsetDigits } = prefix;
    const length = prefix.length - prefix.lengthEnd - 2 + dataLength + 1;
    const fits = digits(length) === lengthDigits && digits(offset) === offsetDigits;
    if (!fits || Number.isNaN(prefix.day)) return -1;
    out.reserve((prefix.length + dataLength) * 2 + COMMANDS_BYTES);
    const { at } = out;
    out.again(prefix.at, prefix.at + prefix.length);
    out.overwrite(length, lengthDigits, at + prefix.lengthEnd);
    out.overwrite(offset, offsetDigits, at + prefix.offsetEnd);
    out.overwrite(offset, offsetDigits, at + prefix.secondOffsetEnd);
    this.#time.over(out, at + prefix.timeAt, prefix.day);
    prefix.day = this.#time.day;
    prefix.at = at;
    return length;
  }

  /** All up to the data, piece by piece. */
  #anew(row: number, offset: number, dataLength: number): number {
    const out = this.#out;
    const { at } = out;
    const subject = this.#block.subjects[row]!;
    const name = this.#subjects.of(this.#block, subject);
    const offsetDigits = digits(offset);
    const length = this.#fixedBytes + offsetDigits * 2 + name.length + this.#time.length + dataLength;
    const lengthDigits = digits(length);
    out.reserve(length * 2 + COMMANDS_BYTES);
    this.#head.write(out, length, offset);
    const offsetEnd = out.at - at;
    out.latin1(name);
    const timeAt = out.at - at;
    this.#time.write(out);
    this.#middle.write(out, offset);
    this.#prefixes.set(subject, {
      at,
      length: out.at - at,
      lengthDigits,
      offsetDigits,
      offsetEnd,
      timeAt,
      lengthEnd: this.#headLength + lengthDigits,
      secondOffsetEnd: out.at - at - this.#beforeDataLength,
      day: this.#time.day,
    });
    return length;
  }
}

/** An event's time. Of one in whole milliseconds its neighbours have the same day at least, and only numbers differ. */
class Time {
  day = NaN;
  #timeMs = NaN;
  #isPlain = false;
  /** Where a time of this day stands. */
  #at = -1;

  /** Takes the time to be written next; answers whether it is one of whole milliseconds, as most are. */
  set(timeMs: number): boolean {
    this.#timeMs = timeMs;
    this.#isPlain = Number.isInteger(timeMs) && timeMs >= EARLIEST_MS && timeMs <= LATEST_MS;
    const day = this.#isPlain ? Math.floor(timeMs / DAY_MS) : NaN;
    if (day !== this.day) this.#at = -1;
    this.day = day;
    return this.#isPlain;
  }

  get length(): number {
    return this.#isPlain ? PLAIN_LENGTH : isoTime(this.#timeMs).length;
  }

  write(out: Bytes): void {
    const { at } = out;
    if (this.#at === -1) out.latin1(isoTime(this.#timeMs));
    else {
      out.again(this.#at, this.#at + PLAIN_LENGTH);
      this.#overwrite(out, at);
    }
    if (this.#isPlain) this.#at = at;
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

  constructor({
    beforeSubject,
    beforeTime,
  }: Pick<ReturnType<Framer['parts']>, 'beforeSubject' | 'beforeTime'>) {
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
