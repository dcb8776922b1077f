import { lowerBound } from '../../reading/order.ts';
import { mergedRows, sliceRows, type ChannelRows } from '../format/channel-rows.ts';
import type { ChunkEntry } from '../format/records.ts';

/** A chunk that is open: its rows, and how many of them have left. */
interface OpenChunk {
  rows: ChannelRows;
  at: number;
  /** Place in the file: equal times leave in this order. */
  offset: number;
}

/**
 * The rows of chunks in time order. A chunk is loaded when the time comes to where it begins, and one ahead; chunks that
 * do not overlap pass as they are. `offsetMs` is between the times of the entries and those of their rows.
 */
export async function* inTimeOrder(
  entries: ChunkEntry[],
  load: (entry: ChunkEntry) => Promise<ChannelRows>,
  offsetMs: number,
): AsyncGenerator<ChannelRows> {
  const waiting = [...entries].sort((a, b) => a.startMs - b.startMs || a.offset - b.offset);
  const loans = new ChunkReleases();
  let open: OpenChunk[] = [];
  let ahead: Promise<ChannelRows> | null = null;
  try {
    for (let i = 0; i < waiting.length; i++) {
      const entry = waiting[i]!;
      const rows = await (ahead ?? load(entry));
      const next = waiting[i + 1];
      ahead = next ? load(next) : null;
      ahead?.catch(() => {}); // Awaited in its turn, unless nobody reads on.
      open.push({ rows, at: 0, offset: entry.offset });
      for (const left of leaving(open, next ? next.startMs + offsetMs : Infinity)) yield loans.leave(left);
      const isSpent = ({ rows, at }: OpenChunk) => at === rows.block.count;
      loans.spend(open.filter(isSpent));
      open = open.filter((chunk) => !isSpent(chunk));
    }
  } finally {
    loans.spend(open);
    ahead?.then(({ done }) => done?.()).catch(() => {});
  }
}

/** Tells of chunks that they are done with, once all that left before they were spent is. */
class ChunkReleases {
  #left = 0;
  #done = 0;
  readonly #spent: { left: number; done: () => void }[] = [];

  leave(rows: ChannelRows): ChannelRows {
    const left = ++this.#left;
    return { ...rows, done: () => this.#settle(left) };
  }

  spend(chunks: OpenChunk[]): void {
    for (const { done } of chunks.map(({ rows }) => rows))
      if (done) this.#spent.push({ left: this.#left, done });
    this.#settle(0);
  }

  #settle(left: number): void {
    this.#done = Math.max(this.#done, left);
    while (this.#spent.length > 0 && this.#spent[0]!.left <= this.#done) this.#spent.shift()!.done();
  }
}

/** What of the open chunks lies before a time. */
function* leaving(open: OpenChunk[], endMs: number): Generator<ChannelRows> {
  const runs = open
    .map((chunk) => {
      const { timesMs } = chunk.rows.block;
      const end = endMs === Infinity ? timesMs.length : Math.max(chunk.at, lowerBound(timesMs, endMs));
      const rows = sliceRows(chunk.rows, chunk.at, end);
      chunk.at = end;
      return { rows, offset: chunk.offset, timesMs: rows.block.timesMs };
    })
    .filter(({ timesMs }) => timesMs.length > 0)
    .sort((a, b) => a.timesMs[0]! - b.timesMs[0]! || a.offset - b.offset);
  for (let from = 0; from < runs.length;) {
    let lastMs = runs[from]!.timesMs.at(-1)!;
    let to = from + 1;
    for (; to < runs.length; to++) {
      const [before, run] = [runs[to - 1]!, runs[to]!];
      const follows =
        run.timesMs[0]! > lastMs ||
        (run.timesMs[0] === lastMs && to === from + 1 && before.offset < run.offset);
      if (follows) break;
      lastMs = Math.max(lastMs, run.timesMs.at(-1)!);
    }
    if (to === from + 1) yield runs[from]!.rows;
    else {
      const overlapping = runs.slice(from, to).sort((a, b) => a.offset - b.offset);
      yield* mergedRows(overlapping.map(({ rows }) => rows));
    }
    from = to;
  }
}

/** The most bytes of unpacked chunks that are open at once when all are read in time order. */
export function openBytesMax(entries: ChunkEntry[]): number {
  const changes = entries.flatMap(({ startMs, endMs, bytes }) => [
    { timeMs: startMs, bytes },
    { timeMs: endMs, bytes: -bytes },
  ]);
  changes.sort((a, b) => a.timeMs - b.timeMs || a.bytes - b.bytes);
  let [open, most] = [0, 0];
  for (const { bytes } of changes) most = Math.max(most, (open += bytes));
  return most;
}
