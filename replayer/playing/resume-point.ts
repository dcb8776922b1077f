import type { Block } from '../../core/wire/block.ts';
import type { ChannelBlock } from '../mcap/format/channel-rows.ts';
import type { RecordBatch } from './timeline.ts';

/** Where a player that is gone stopped within an epoch. Times are recording times. */
export interface ResumePoint {
  epoch: number;
  /** Where the epoch began. */
  fromMs: number;
  /** By channel: how many records of the epoch are published, the restored ones included. */
  published: number[];
  /** Its last known position: the clock goes on there, not at the last record before it. */
  positionMs: number;
  loopsDone: number;
}

/** Tells the records of an epoch that are published already from those to send. */
export class Progress {
  /** By channel: how many of the coming records are published. */
  readonly #left: number[];
  #positionMs: number | null;

  constructor(point: ResumePoint | null) {
    this.#left = [...(point?.published ?? [])];
    this.#positionMs = point?.positionMs ?? null;
  }

  /** Whether more published records are to come. */
  get isBehind(): boolean {
    return this.#left.some((count) => count > 0);
  }

  /** How many of a channel's next records are published; counts them as passed. */
  pass(channel: number, count: number): number {
    const passed = Math.min(this.#left[channel] ?? 0, count);
    if (passed > 0) this.#left[channel]! -= passed;
    return passed;
  }

  /**
   * Passes a run of records that are all published; answers where it ends. Where a channel is not as far as another, it
   * passes one record, with `send` for those that are missing.
   */
  async passRun(
    batch: RecordBatch,
    at: number,
    end: number,
    send: (channel: number, block: Block) => Promise<void>,
  ): Promise<number> {
    const blocks = batch.byChannel(at, end);
    const isPublished = ({ channel, block }: ChannelBlock) => (this.#left[channel] ?? 0) >= block.count;
    if (blocks.every(isPublished)) {
      for (const { channel, block } of blocks) this.pass(channel, block.count);
      return end;
    }
    for (const { channel, block } of batch.byChannel(at, at + 1))
      if (this.pass(channel, 1) === 0) await send(channel, block);
    return at + 1;
  }

  /** The position to go on at, once, after the last published record; never after the next one. */
  takePositionMs(previousMs: number, nextMs: number): number | null {
    const positionMs = this.#positionMs;
    this.#positionMs = null;
    return positionMs === null ? null : Math.max(previousMs, Math.min(positionMs, nextMs));
  }
}
