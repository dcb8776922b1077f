import { api } from '../live/api.ts';
import type { AreaFilter } from '../live/area-filter.svelte.ts';
import type { Channels } from '../live/channels.ts';
import type { Topology } from '../live/topology.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';
import type { Movers } from './movers/movers.ts';

const EVERY_MS = 2000;

interface Parts {
  readonly channels: Channels;
  readonly filter: AreaFilter;
  readonly frame: FrameLoop;
  readonly movers: Movers;
  readonly topology: Topology;
}

/** How many subjects the area filter hides. While there is a filter, the API is asked how many there are. */
export class HiddenSubjects {
  /** All subjects with a place; undefined while unknown, or while there is no filter. */
  all = $state<number>();
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    $effect.root(() => {
      $effect(() => {
        const { area } = parts.filter;
        this.all = undefined;
        if (!area) return;
        const ask = (): void => void this.#ask(() => parts.filter.area === area);
        ask();
        const timer = setInterval(() => document.hidden || ask(), EVERY_MS);
        return () => clearInterval(timer);
      });
    });
  }

  /** How many of them are hidden; undefined while unknown. */
  readonly count = $derived.by(() => {
    const { frame, movers } = this.#parts;
    void frame.slow;
    return this.all === undefined ? undefined : Math.max(0, this.all - movers.all.length);
  });

  async #ask(isStill: () => boolean): Promise<void> {
    const { channels, topology } = this.#parts;
    // One channel for each root: its derived channels are about the same subjects.
    const byRoot = new Map<string, string>();
    for (const name of [...channels.placed].sort((a, b) => b.length - a.length))
      byRoot.set(topology.root(name), name);
    try {
      const counts = await Promise.all([...byRoot.values()].map((name) => api.channel(name)));
      if (isStill()) this.all = counts.reduce((sum, { subjects }) => sum + subjects, 0);
    } catch {
      // The banner says what is wrong, and the next answer has the number.
    }
  }
}
