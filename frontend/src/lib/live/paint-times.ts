import type { CloudEvent } from '../../../../schemas/types.ts';
import type { Arrival, ChannelState, EventSink } from './channel-state.ts';

/** The newest event of a channel on the screen, and when it was painted (wall time, ms, with fractions). */
export interface PaintMark {
  channel: string;
  epoch: number;
  offset: number;
  atMs: number;
}

/** Records when events are painted, so that a benchmark can measure the time from publication to pixel. */
export class PaintTimes implements EventSink {
  /** The latest mark of any channel. */
  last: PaintMark | null = null;
  readonly byChannel = new Map<string, PaintMark>();
  /** Resolves when the first events are on the screen. */
  readonly begun: Promise<void>;
  #begin: (() => void) | null = null;
  #waiting = new Map<string, { epoch: number; offset: number }>();
  #drawn = new Map<string, { epoch: number; offset: number }>();

  constructor() {
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  take(channel: ChannelState, events: readonly CloudEvent[], _times: Float64Array, arrival: Arrival): void {
    // Tables don't show snapshots. They are drawn in the next frame; the timer fires once that is on the screen.
    if (arrival !== 'snapshot' && this.#begin) {
      const begin = this.#begin;
      this.#begin = null;
      requestAnimationFrame(() => setTimeout(begin));
    }
    const newest = events.at(-1);
    if (newest && arrival === 'live')
      this.#waiting.set(channel.name, { epoch: newest.epoch, offset: newest.offset });
  }

  forget(channel: ChannelState): void {
    this.#waiting.delete(channel.name);
    this.#drawn.delete(channel.name);
  }

  /** A picture with all events received so far is being drawn. */
  drawing(): void {
    for (const [name, mark] of this.#waiting) this.#drawn.set(name, mark);
    this.#waiting.clear();
  }

  /** That picture is on the screen. */
  done(): void {
    if (this.#drawn.size === 0) return;
    const atMs = performance.timeOrigin + performance.now();
    for (const [channel, mark] of this.#drawn) {
      this.last = { channel, ...mark, atMs };
      this.byChannel.set(channel, this.last);
    }
    this.#drawn.clear();
  }
}
