import { refusal } from '../../../core/problems/errors.ts';
import type { Decision } from '../../formats/support/decision.ts';
import type { Format } from '../../formats/support/format.ts';
import type { UnpackingState } from '../packing/packing.ts';
import { formats } from '../formats.ts';
import { BINARY, encodingOf } from './encoding.ts';
import { decoded } from './input.ts';
import { asUtf8, type DecodingProblems } from './transcode.ts';
import { newUnpacking } from './unpacked.ts';
import { openCharacter } from './utf8-scan.ts';

/** What a user says about the bytes of a recording. */
export interface ByteOptions {
  /** The name of its encoding; undefined: it is told by the bytes. */
  encoding?: string;
  /** The name of its format, which may be one of bytes and not of text. */
  format?: string;
  /** Bound on the bytes that it may unpack to. Default: none. */
  unpackedMaxBytes?: number;
}

/** Decides how the bytes of one source are text, and remembers what was wrong with them in the latest reading. */
export class Decoding {
  readonly #name: string;
  readonly #options: ByteOptions;
  #encoding: Decision<string> | null = null;
  #problems: DecodingProblems = { count: 0, first: 0 };
  #unpacking = newUnpacking();

  /** `name` is that of the source in messages. */
  constructor(name: string, options: ByteOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** Decides by the beginning. @throws refusal `encoding_unknown` */
  decide(head: Buffer): Decision<string> {
    this.#encoding ??= isBinary(this.#name, head, this.#options.format)
      ? { value: BINARY, certainty: 'certain', because: 'its format is one of bytes' }
      : encodingOf(head, this.#options.encoding);
    return this.#encoding;
  }

  get encoding(): Decision<string> | null {
    return this.#encoding;
  }

  /** A new state for unpacking: a reading begins. */
  begin(): UnpackingState {
    this.#problems = { count: 0, first: 0 };
    return (this.#unpacking = newUnpacking(this.#options.unpackedMaxBytes));
  }

  /** The beginning as UTF-8. Its problems do not count: it comes again with the whole. */
  async head(bytes: Buffer): Promise<Buffer> {
    const encoding = this.decide(bytes).value;
    const whole = encoding === 'utf-8' ? bytes.subarray(0, openCharacter(bytes)) : bytes;
    const pieces: Buffer[] = [];
    for await (const piece of asUtf8([whole], encoding, { count: 0, first: 0 })) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** The unpacked bytes as UTF-8 without a mark, or as they are for a format of bytes. Call `decide` before. */
  bytes(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    return asUtf8(source, this.#encoding!.value, this.#problems);
  }

  /** The same as text. @throws refusal `recording_unreadable` for bytes that are not text */
  async *text(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
    refuseBinary(this.#name, this.#encoding!);
    yield* decoded(bytes);
  }

  /** What was wrong with the bytes of the latest reading, and what could not be checked, as sentences. */
  notes(): string[] {
    const { count, first } = this.#problems;
    const notes = Array.from(this.#unpacking.notes, (note) => `${this.#name} ${note}.`);
    if (count === 0) return notes;
    const value = this.#encoding!.value;
    const number = (value: number) => value.toLocaleString('en');
    notes.push(
      value === 'utf-8'
        ? `${number(count)} bytes of ${this.#name} are not UTF-8, the first at byte ${number(first)}; they were read as windows-1252. --encoding names another encoding of the whole.`
        : `${number(count)} characters of ${this.#name} can't be read as ${value}, the first after byte ${number(first)}; each became U+FFFD.`,
    );
    return notes;
  }
}

/** Refuses bytes that are not text, for a format that reads text. @throws refusal `recording_unreadable` */
export function refuseBinary(name: string, { value, because }: Decision<string>): void {
  if (value !== BINARY) return;
  throw refusal('recording_unreadable', `${name} is not text: ${because}.`, {
    hint: 'Unpack or export it first. If it is text all the same, name its encoding with --encoding.',
  });
}

/** Whether a recording is in a format of bytes: the one that was named, or else by the ending of its name or its beginning. */
function isBinary(name: string, head: Buffer, format: string | undefined): boolean {
  const isOf = ({ endings, looksLike }: Format) =>
    endings.some((ending) => name.toLowerCase().endsWith(ending)) || looksLike(head.toString('latin1'));
  return formats.some((each) => each.isBinary && (format === undefined ? isOf(each) : each.name === format));
}
