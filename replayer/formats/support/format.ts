import type { Data } from '../../../core/wire/event.ts';
import type { StreamEntry } from '../../../core/redis/stream-entry.ts';
import type { Decision } from './decision.ts';

/** One row of a file: its values, or why it can't be read. From here on all formats are treated alike. */
export interface Row {
  /** Line in the file where the row begins, from 1. */
  line: number;
  values: Data | null;
  /** The values as JSON text where the format has it anyway; null: it is written from the values. */
  json: string | null;
  /** Epoch ms, where the format knows the row's time apart from its values. */
  timeMs?: number;
  /** Where the format knows the row's subject apart from its values. */
  subject?: string;
  /** Where the format knows the row's channel apart from its values. */
  channel?: string;
  /** The text of the subject's column as it stands in the file, where `values` holds a number instead. */
  subjectText?: string;
  /** How many values of the row stand for "no value", such as NaN, and were left out. */
  absent?: number;
  /** Set for an event that a recorded replay sent after a seek to restore state. It holds nothing new and is not played. */
  restored?: true;
  /** Set for the event of a message that was published bare: that message. */
  bare?: Buffer;
  /** Set when `values` is null: what is wrong. */
  problem?: string;
  /** Set, instead of a problem, for a row that is intact and still not played: why, for instance "a point without a time". */
  skipped?: string;
  /** How many bytes of the file a bad row stands for, where these are more than its text and its rows can't be counted. */
  bytes?: number;
  /** The row as it stands in the file, for its dead letter. Set when there is a problem. */
  text?: string;
}

/** Whether a row names its time, subject and channel itself: its data are final, and nothing in them is interpreted. */
export function isEvent({ timeMs, subject, channel }: Row): boolean {
  return timeMs !== undefined && subject !== undefined && channel !== undefined;
}

/** How to read a file. Most options apply to text tables (CSV) only. */
export interface FormatOptions {
  /** Members to give another name: old -> new. */
  rename: ReadonlyMap<string, string>;
  /** The column of the subject (its old name), for formats that turn texts into numbers: they set `subjectText`. */
  subject?: string;
  /** Columns (old names) whose cells are text, even where they look like numbers. */
  text?: readonly string[];
  /** The decimal sign of numbers. Default: a point. */
  decimal?: '.' | ',';
  /** For JSON documents: the paths of the arrays whose elements are rows, for instance `data` or `segments.path`. */
  rows?: readonly string[];
  /** The text between cells. */
  delimiter?: string;
  /** Whether the first row names the columns. */
  header?: boolean;
  /** Names of the columns, in place of a header's. */
  columns?: string[];
  /** Lines that begin with this text are comments. */
  comment?: string;
  /** How many lines at the beginning are titles, and neither header nor rows. The line after them is not a comment. */
  skipLines?: number;
  /** Whether the row after the header names units, and is not data. */
  units?: boolean;
}

/** Options of a format that were inferred from a sample of the file, with the evidence. */
export interface Layout {
  delimiter?: Decision<string>;
  header?: Decision<boolean>;
  columns?: Decision<string[]>;
  comment?: Decision<string>;
  skipLines?: Decision<number>;
  units?: Decision<boolean>;
  decimal?: Decision<'.' | ','>;
  text?: Decision<readonly string[]>;
  rows?: Decision<readonly string[]>;
  /** Decided by the bytes; named where it is not plain UTF-8. */
  encoding?: Decision<string>;
}

/** Where a format reads from. Leaving a loop over any of its iterables closes the source. */
export interface Input {
  /** The file, for formats that need random access; null where there is only a stream. */
  path: string | null;
  /** The content unpacked, as UTF-8 without a byte order mark (unless the format `isBinary`), in pieces of any size. */
  bytes(): AsyncIterable<Buffer>;
  /** The same as text. Pieces end anywhere, but not inside a character. */
  text(): AsyncIterable<string>;
  /** The entries, where the source is a Redis stream. */
  entries?(): AsyncIterable<StreamEntry[]>;
}

/**
 * A file format. `rows` yields rows in file order and in chunks (one await per chunk, not per row), in constant memory
 * whatever the file holds. A bad row is yielded with its problem and does not affect the rows after it. Leaving the loop
 * closes the input.
 */
export interface Format {
  name: string;
  /** File name endings without compression, such as `.csv`. Several formats may share one; `looksLike` then decides. */
  endings: string[];
  /** Set for formats of bytes and not of text: their bytes are never taken for text in some encoding. */
  isBinary?: true;
  /** Whether a file that begins with this text is of the format; asked where its name does not tell. */
  looksLike(head: string): boolean;
  rows(input: Input, options: FormatOptions): AsyncIterable<Row[]>;
  /** Where rows get their time from when no column holds it, in words that users see. */
  ownTime?: string;
  /**
   * Infers the options that were not given from the file's beginning and, where the file can be read anywhere, from pieces
   * of its middle and its end; these begin at the beginning of a line.
   */
  layout?(head: string, options: FormatOptions, pieces?: readonly string[]): Layout;
  /** For formats in which any run of whole rows can be read by itself, and so on any thread. */
  cut?: {
    /** Where the last whole row ends, in bytes that begin with a row; 0 where no row is whole. */
    rowsEnd(bytes: Buffer, options: FormatOptions): number;
    /** Where the first row begins in the file. The bytes before it (a header) are put before every run of rows. */
    rowsStart?(bytes: Buffer, options: FormatOptions): number;
    /** How many lines end in a text, where a line ends otherwise than with LF. Texts are cut anywhere, also within CRLF. */
    lineEnds?(text: string): number;
  };
}

/** A row longer than this is refused: a broken quote or a missing line end must not fill the memory. */
export const ROW_MAX_CHARACTERS = 1_000_000;

/** How much of a bad row its dead letter quotes. */
const CONTENT_MAX_CHARACTERS = 2_000;

/** A row that is intact and not played: the line where it begins, and why. */
export function skippedRow(line: number, skipped: string): Row {
  return { line, values: null, json: null, skipped };
}

/** A row that can't be read: the line where it begins, the problem as a sentence, and its text, of which only the beginning is kept. */
export function badRow(line: number, problem: string, text: string): Row {
  // Copied through a Buffer: a slice would keep the whole piece of the file alive in V8.
  return {
    line,
    values: null,
    json: null,
    problem,
    text: Buffer.from(text.slice(0, CONTENT_MAX_CHARACTERS)).toString(),
  };
}
