import type { Block } from '../../core/wire/block.ts';

/** Where a player's records go. The player does not know Redis. */
export interface Output {
  /** The most records that are handed over at once. */
  readonly recordsAtOnce: number;
  /** Opens a new epoch on all channels, later than the given one; answers its number. */
  begin(lastEpoch: number, fromMs: number): Promise<number>;
  /** Sends records to one of the timeline's channels, after all before them; settles when they are published. */
  emit(channel: number, block: Block, restored: boolean): Promise<unknown>;
  /** Says that nothing before a time will be sent in this epoch any more or, when it is over, nothing at all. */
  reached(timeMs: number, over: boolean): Promise<unknown>;
  /** Settles when all attached services have read what was sent. */
  acknowledged(signal: AbortSignal): Promise<void>;
}
