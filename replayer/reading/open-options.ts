import type { Redis } from '../../core/redis/connection.ts';
import type { Config, RecordingOptions } from '../../schemas/types.ts';

/** A row that can't be played. */
export interface RefusedRecord {
  channel: string;
  file: string;
  line: number;
  reason: string;
  content: string;
}

export interface OpenOptions extends Omit<RecordingOptions, 'id' | 'offset'> {
  rename?: ReadonlyMap<string, string>;
  channels?: Config['channels'];
  /** Where streams are read from. */
  redis?: Redis;
  /** Shifts all of it on the timeline. */
  offsetMs?: number;
  /** Checks every message of a file that Reprise wrote, as if another had. */
  distrust?: boolean;
  /** Hears of every row that can't be played. */
  refuse?: (refusals: RefusedRecord[]) => void;
}
