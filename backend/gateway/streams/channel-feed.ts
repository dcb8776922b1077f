import type { Position } from '../../../core/wire/event.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { LogTail } from '../log/log-tail.ts';
import type { Timers } from './timers.ts';

/** A channel that is being followed, as pages, snapshots and joining clients see it. */
export interface ChannelFeed {
  readonly channel: string;
  readonly redis: Redis;
  readonly timers: Timers;
  readonly tail: LogTail;
  /** Resolves once the tail has everything up to a position. */
  reached(position: Position): Promise<void>;
}
