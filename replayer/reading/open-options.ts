import type { Redis } from '../../core/redis/connection.ts';
import type { NamedDecision } from './inference/guesses.ts';
import type { FollowOptions } from './source/follow.ts';
import type { Config, RecordingOptions } from '../../schemas/types.ts';

/** A row or message that can't be played, for the dead letters. */
export interface RefusedRecord {
  channel: string;
  file: string;
  /** Line of the row; sequence number of a message. */
  line: number;
  reason: string;
  /** Its text, or only the beginning where that is long. */
  content: string;
  /** When it happened, ms on the timeline, as far as that can be told. */
  timeMs?: number | undefined;
}

/** The times that an output can hold, and why others are refused. */
export interface TimeLimits {
  fromMs: number;
  endMs: number;
  reason: string;
}

/** How a recording is opened. What is not given is inferred. */
export interface OpenOptions extends Omit<RecordingOptions, 'id' | 'offset'> {
  /** Columns to give another name: old -> new. */
  rename?: ReadonlyMap<string, string>;
  /** Channels declared in the configuration. */
  channels?: Config['channels'];
  /** The Redis that `redis:<key>` streams are read from. */
  redis?: Redis;
  /** Reads on as the file grows. It is then read once, like a pipe. */
  follow?: FollowOptions;
  /** Shifts all records on the timeline, ms. */
  offsetMs?: number;
  /** Refuses rows with times outside of these, epoch ms. */
  timeLimits?: TimeLimits;
  /** Bound on the bytes that a packed recording may unpack to. Default: none. */
  unpackedMaxBytes?: number;
  /** Checks every message of an MCAP file, even where Reprise wrote it. */
  distrust?: boolean;
  /** Receives the guesses that were taken to read the recording, once it is open. */
  guessed?: (file: string, guesses: NamedDecision[]) => void;
  /** Receives what a user should know of the bytes or of an archive, as sentences; some several times. */
  noted?: (note: string) => void;
  /** Receives every row that can't be played; several times where a recording is read several times. */
  refuse?: (refused: RefusedRecord[]) => void;
}
