import { SvelteMap } from 'svelte/reactivity';
import type { Recording } from '../../../../schemas/types.ts';
import { api } from './api.ts';

/** The recordings in the folder, and the descriptions requested so far. */
export class Recordings {
  list = $state.raw<Recording[]>([]);
  #described = new SvelteMap<string, Recording>();
  #asked = new Set<string>();

  async refresh(): Promise<void> {
    try {
      this.list = (await api.recordings()).items;
    } catch {
      this.list = [];
    }
  }

  /** The recording with its description; undefined until it is loaded. The first call requests it. */
  described(id: string): Recording | undefined {
    if (!this.#asked.has(id)) {
      this.#asked.add(id);
      api.recording(id).then(
        (recording) => this.#described.set(id, recording),
        // The recording may be on another machine; the timeline then has no histogram.
        () => setTimeout(() => this.#asked.delete(id), 10_000),
      );
    }
    return this.#described.get(id);
  }

  /** Stores a new description, for example the answer to an upload. */
  keep(recording: Recording): void {
    this.#asked.add(recording.id);
    this.#described.set(recording.id, recording);
  }

  /** The number of records of several recordings in each of `bars` equal parts of a time range (ms); null while no description is loaded. */
  histogram(ids: readonly string[], startMs: number, endMs: number, bars: number): Float64Array | null {
    const counts = new Float64Array(bars);
    let any = false;
    for (const id of ids) {
      const description = this.described(id)?.description;
      if (!description?.start || description.histogram.counts.length === 0) continue;
      any = true;
      const { bucketSeconds, counts: buckets } = description.histogram;
      const first = Date.parse(description.start);
      // Spread a bucket over the bars that it covers: otherwise some bars stay empty.
      const width = bucketSeconds * 1000;
      const perMs = bars / Math.max(1, endMs - startMs);
      buckets.forEach((n, i) => {
        const from = (first + i * width - startMs) * perMs;
        const to = Math.max(from + width * perMs, from + 1e-9);
        for (let bar = Math.max(0, Math.floor(from)); bar < Math.min(bars, Math.ceil(to)); bar++) {
          counts[bar]! += (n * (Math.min(to, bar + 1) - Math.max(from, bar))) / (to - from);
        }
      });
    }
    return any ? counts : null;
  }
}
