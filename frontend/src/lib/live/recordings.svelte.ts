import { SvelteMap } from 'svelte/reactivity';
import type { Recording } from '../../../../schemas/types.ts';
import { api } from './api.ts';

/** Recordings in the folder, and the descriptions that were asked for. */
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

  /** The recording with its description, once it is there; asks for it the first time. */
  described(id: string): Recording | undefined {
    if (!this.#asked.has(id)) {
      this.#asked.add(id);
      api.recording(id).then(
        (recording) => this.#described.set(id, recording),
        // A recording of another machine has no description here; the timeline then has no histogram.
        () => setTimeout(() => this.#asked.delete(id), 10_000),
      );
    }
    return this.#described.get(id);
  }

  /** Takes a fresh description, e.g. the answer to an upload. */
  keep(recording: Recording): void {
    this.#asked.add(recording.id);
    this.#described.set(recording.id, recording);
  }

  /** Records over `bars` equal parts of a span of time (ms), of several recordings together; null while none is described. */
  histogram(ids: readonly string[], startMs: number, endMs: number, bars: number): Float64Array | null {
    const counts = new Float64Array(bars);
    let any = false;
    for (const id of ids) {
      const description = this.described(id)?.description;
      if (!description?.start || description.histogram.counts.length === 0) continue;
      any = true;
      const { bucketSeconds, counts: buckets } = description.histogram;
      const first = Date.parse(description.start);
      // A bucket is spread over the bars that it covers, so that neither gaps nor combs appear.
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
