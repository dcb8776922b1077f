import type { Compression } from '../mcap/compression/compression.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';

/** What to convert, and into what. */
export interface ConvertRequest {
  /** Paths of the recordings. Several are merged onto one timeline. */
  inputs: string[];
  /** Path of the file to write. Its ending chooses the format. */
  out: string;
  /** First time to write: ISO 8601, or an offset from the start such as 90s. */
  start?: string | undefined;
  /** Last time to write, likewise. */
  end?: string | undefined;
  /** Compression of an MCAP file. Default: LZ4. */
  compression?: Compression | undefined;
  /** Whether an MCAP file gets messages beside its own that Foxglove draws. */
  foxglove?: boolean | undefined;
  options: OpenOptions;
  /** Called with the share of the work that is done, 0..1, as often as it changes. */
  progress?: (share: number) => void;
}

/** The result of a conversion. */
export interface ConvertReport {
  out: string;
  format: string;
  messages: number;
  /** How many rows were read: those that were written, refused and skipped. */
  read: number;
  channels: string[];
  /** Times of the first and last message, ISO 8601. */
  start: string | null;
  end: string | null;
  /** Size of the file. */
  bytes: number;
  /** How many rows were refused. */
  refused: number;
  /** The first refused rows. */
  refusals: RefusedRecord[];
  /** Rows that are intact and were left out: reason -> how many. */
  skipped: { [reason: string]: number };
  /** Optional values that mean "none", such as NaN, and were left out. */
  absent: number;
  /** How recordings are read, where that had to be guessed, as sentences. */
  guesses: string[];
  /** How many steps back in time were put in order. */
  reordered: number;
  /** What was left out of an archive, what was wrong with bytes, and that times are stored shifted, as sentences. */
  notes?: string[];
}
