import type { Block } from './block.ts';
import { digits, Stencil, type Bytes } from './bytes.ts';
import { isoTime, type Framer } from './event.ts';

/** More than the commands around one event take. */
const COMMANDS_BYTES = 1_024;
const CLOSE = '}'.charCodeAt(0);
/** Of a time with milliseconds, such as 2019-12-24T20:21:27.999Z. */
const MILLISECONDS_LENGTH = 24;

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
  /** The whole second of its time. */
  second: number;
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
  readonly #beforeSubject: string;
  readonly #beforeTime: string;
  readonly #beforeDataLength: number;
  readonly #fixedBytes: number;
  readonly #prefixes = new Map<number, Prefix>();
  readonly #time = new Time();

  /** `first`: the place of the block's data that stands at 0 in `out`. */
  constructor(out: Bytes, block: Block, first: number, channel: string, texts: ReturnType<Framer['parts']>) {
    this.#out = out;
    this.#block = block;
    this.#first = first;
    const head = `*3\r\n$7\r\nPUBLISH\r\n${bulk(channel)}$`;
    const beforeSecondOffset = utf8(texts.beforeSecondOffset);
    const beforeData = utf8(texts.beforeData);
    const beforeOffset = utf8(texts.beforeOffset);
    this.#beforeSubject = texts.beforeSubject;
    this.#beforeTime = texts.beforeTime;
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
    const timeLength = time.set(timesMs[row]!);
    const prefix = this.#prefixes.get(subjects[row]!);
    const length =
      prefix !== undefined && timeLength === MILLISECONDS_LENGTH
        ? this.#again(prefix, offset, end - start)
        : -1;
    const written = length === -1 ? this.#anew(row, offset, timeLength, end - start) : length;
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
    if (!fits || Number.isNaN(prefix.second)) return -1;
    out.reserve((prefix.length + dataLength) * 2 + COMMANDS_BYTES);
    const { at } = out;
    out.again(prefix.at, prefix.at + prefix.length);
    out.overwrite(length, lengthDigits, at + prefix.lengthEnd);
    out.overwrite(offset, offsetDigits, at + prefix.offsetEnd);
    out.overwrite(offset, offsetDigits, at + prefix.secondOffsetEnd);
    prefix.second = this.#time.over(out, at + prefix.timeAt, prefix.second);
    prefix.at = at;
    return length;
  }

  /** All up to the data, piece by piece. */
  #anew(row: number, offset: number, timeLength: number, dataLength: number): number {
    const out = this.#out;
    const { at } = out;
    const subject = this.#block.subjects[row]!;
    const name = utf8(this.#beforeSubject + JSON.stringify(this.#block.names[subject]) + this.#beforeTime);
    const offsetDigits = digits(offset);
    const length = this.#fixedBytes + offsetDigits * 2 + name.length + timeLength + dataLength;
    const lengthDigits = digits(length);
    out.reserve(length * 2 + COMMANDS_BYTES);
    this.#head.write(out, length, offset);
    const offsetEnd = out.at - at;
    out.latin1(name);
    const timeAt = out.at - at;
    this.#time.write(out);
    this.#middle.write(out, offset);
    this.#prefixes.set(subject, {
      ...{ at, length: out.at - at, lengthDigits, offsetDigits, offsetEnd, timeAt },
      lengthEnd: this.#headLength + lengthDigits,
      secondOffsetEnd: out.at - at - this.#beforeDataLength,
      second: timeLength === MILLISECONDS_LENGTH ? this.#time.second : NaN,
    });
    return length;
  }
}

/** An event's time. Neighbours share their second, and differ in the milliseconds at most. */
class Time {
  second = NaN;
  #text = '';
  #ms = 0;
  /** Where a time of this second stands. */
  #at = -1;

  /** Takes the time to be written next; answers its length. */
  set(timeMs: number): number {
    const second = Math.floor(timeMs / 1000);
    const ms = timeMs - second * 1000;
    if (second !== this.second || !Number.isInteger(ms) || this.#text.length !== MILLISECONDS_LENGTH) {
      this.#at = -1;
      this.second = second;
      this.#text = isoTime(timeMs);
    }
    this.#ms = ms;
    return this.#text.length;
  }

  write(out: Bytes): void {
    const { at } = out;
    if (this.#at === -1) out.latin1(this.#text);
    else {
      out.again(this.#at, this.#at + MILLISECONDS_LENGTH);
      out.overwrite(this.#ms, 3, out.at - 1);
    }
    this.#at = at;
  }

  /** Writes a time of whole milliseconds over another, of the second given; answers the second that is there now. */
  over(out: Bytes, at: number, second: number): number {
    if (second !== this.second) {
      if (this.#at === -1) out.latin1Over(this.#text, at);
      else out.copyOver(this.#at, this.#at + MILLISECONDS_LENGTH, at);
    }
    out.overwrite(this.#ms, 3, at + MILLISECONDS_LENGTH - 1);
    this.#at = at;
    return this.second;
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
