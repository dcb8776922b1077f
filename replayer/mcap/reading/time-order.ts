import { lowerBound } from '../../reading/order/order.ts';
import { mergedRows, sliceRows, type ChannelRows } from '../format/channel-rows.ts';
import type { ChunkEntry } from '../format/records.ts';

/** A loaded chunk of which some rows have not been yielded yet. */
interface OpenChunk {
  rows: ChannelRows;
  /** How many rows have been yielded. */
  at: number;
  /** Place in the file: rows of equal times are yielded in this order. */
  offset: number;
}

/**
 * Yields the rows of chunks in time order. A chunk is loaded one step before time reaches its start. Rows of chunks that do
 * not overlap are yielded uncopied. `offsetMs` is what `load` has added to the times of the rows.
 */
export async function* inTimeOrder(
  entries: ChunkEntry[],
  load: (entry: ChunkEntry) => Promise<ChannelRows>,
  offsetMs: number,
): AsyncGenerator<ChannelRows> {
  const waiting = [...entries].sort((a, b) => a.startMs - b.startMs || a.offset - b.offset);
  const releases = new ChunkReleases();
  let open: OpenChunk[] = [];
  let ahead: Promise<ChannelRows> | null = null;
  try {
    for (let i = 0; i < waiting.length; i++) {
      const entry = waiting[i]!;
      const rows = await (ahead ?? load(entry));
      const next = waiting[i + 1];
      ahead = next ? load(next) : null;
      ahead?.catch(() => {}); // It is awaited in its turn, unless the reader stops before.
      open.push({ rows, at: 0, offset: entry.offset });
      for (const left of leaving(open, next ? next.startMs + offsetMs : Infinity)) yield releases.track(left);
      const isSpent = ({ rows, at }: OpenChunk) => at === rows.block.count;
      releases.add(open.filter(isSpent));
      open = open.filter((chunk) => !isSpent(chunk));
    }
  } finally {
    releases.add(open);
    ahead?.then(({ done }) => done?.()).catch(() => {});
  }
}

/** Releases the memory of a chunk once the reader is done with all rows that were yielded before the chunk was used up. */
class ChunkReleases {
  /** How many pieces of rows were yielded, and up to which of them the reader is done. */
  #yielded = 0;
  #done = 0;
  /** Chunks that are used up, each with the last piece that may contain rows of it. */
  readonly #usedUp: { lastPiece: number; done: () => void }[] = [];

  /** Notes that these rows are yielded. */
  track(rows: ChannelRows): ChannelRows {
    const piece = ++this.#yielded;
    return { ...rows, done: () => this.#release(piece) };
  }

  /** Notes that chunks are used up. */
  add(chunks: OpenChunk[]): void {
    for (const { done } of chunks.map(({ rows }) => rows))
      if (done) this.#usedUp.push({ lastPiece: this.#yielded, done });
    this.#release(0);
  }

  #release(piece: number): void {
    this.#done = Math.max(this.#done, piece);
    while (this.#usedUp.length > 0 && this.#usedUp[0]!.lastPiece <= this.#done) this.#usedUp.shift()!.done();
  }
}

/** The rows of the open chunks that lie before a time. */
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

/** The most bytes of unpacked chunks that are in memory at once when all chunks are read in time order. */
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
