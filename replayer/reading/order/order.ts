import { BlockBuilder, type Block } from '../../../core/wire/block.ts';

/** How far a file is from time order. */
export interface Disorder {
  /** Steps back in time from one row to the next. */
  reordered: number;
  /** Rows that lie too far back for the reorder window. They are played as soon as they are read. */
  late: number;
  /** Rows whose times are weeks away from those around them. */
  outliers: number;
}

const WINDOW_MAX_RECORDS = 200_000;
const MERGED_ROWS = 2_048;

/** All records in time order, equal times in file order; null as soon as `fits` says that they are too many for memory. */
export async function sorted(
  blocks: AsyncIterable<Block>,
  disorder: Disorder,
  fits: () => boolean,
): Promise<Block[] | null> {
  const steps = new StepsBack();
  let runs: Block[][] = [];
  for await (const block of blocks) {
    if (!fits()) return null;
    disorder.reordered += steps.count(block);
    const ordered = inOrder(block);
    const run = runs.at(-1);
    if (run && lastMs(run) <= ordered.timesMs[0]!) run.push(ordered);
    else runs.push([ordered]);
  }
  while (runs.length > 1) {
    const merged: Block[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(i + 1 < runs.length ? merge(runs[i]!, runs[i + 1]!) : runs[i]!);
    runs = merged;
  }
  return runs[0] ?? [];
}

/**
 * Records in time order, as far as holding back a window of their time (at most 200,000 records) can establish it.
 * Records that come later than that are counted and passed on at once. A null among the blocks says that nothing comes
 * for a while: nothing is held back then.
 */
export async function* reordered(
  blocks: AsyncIterable<Block | null>,
  windowMs: number,
  disorder: Disorder,
): AsyncGenerator<Block> {
  const steps = new StepsBack();
  let held: Block[] = [];
  let newestMs = -Infinity;
  let leftMs = -Infinity;
  for await (const block of blocks) {
    if (!block) {
      if (held.length > 0) leftMs = Math.max(leftMs, lastMs(held));
      yield* held.splice(0);
      continue;
    }
    disorder.reordered += steps.count(block);
    for (const timeMs of block.timesMs) {
      if (timeMs > newestMs) newestMs = timeMs;
      if (timeMs < leftMs) disorder.late++;
    }
    const ordered = inOrder(block);
    const at = held.findIndex((other) => other.timesMs.at(-1)! > ordered.timesMs[0]!);
    held = at === -1 ? [...held, ordered] : [...held.slice(0, at), ...merge(held.slice(at), [ordered])];
    let spare = held.reduce((sum, { count }) => sum + count, 0) - WINDOW_MAX_RECORDS;
    while (held.length > 0) {
      const first = held[0]!;
      const leaving = Math.max(lowerBound(first.timesMs, newestMs - windowMs), Math.min(spare, first.count));
      if (leaving === 0) break;
      leftMs = Math.max(leftMs, first.timesMs[leaving - 1]!);
      spare -= leaving;
      if (leaving === first.count) held.shift();
      else held[0] = first.slice(leaving);
      yield first.slice(0, leaving);
    }
  }
  yield* held;
}

/** The furthest that a time lies behind the latest time before it, ms. */
export function furthestBackMs(timesMs: Iterable<number>): number {
  let [newestMs, furthestMs] = [-Infinity, 0];
  for (const timeMs of timesMs) {
    if (timeMs > newestMs) newestMs = timeMs;
    else furthestMs = Math.max(furthestMs, newestMs - timeMs);
  }
  return furthestMs;
}

/** Index of the first time at or after the given one, in sorted times. */
export function lowerBound(timesMs: Float64Array, timeMs: number): number {
  let low = 0;
  for (let high = timesMs.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (timesMs[middle]! < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Counts steps back in time from row to row, across blocks. */
class StepsBack {
  #previousMs = -Infinity;

  count({ timesMs }: Block): number {
    let steps = 0;
    let previousMs = this.#previousMs;
    for (const timeMs of timesMs) {
      if (timeMs < previousMs) steps++;
      previousMs = timeMs;
    }
    this.#previousMs = previousMs;
    return steps;
  }
}

function inOrder(block: Block): Block {
  const { timesMs } = block;
  if (new StepsBack().count(block) === 0) return block;
  // The engine's merge sort is stable, and takes nearly sorted times in one pass.
  return block.pick(Array.from(timesMs.keys()).sort((a, b) => timesMs[a]! - timesMs[b]!));
}

const lastMs = (run: Block[]) => run.at(-1)!.timesMs.at(-1)!;

/** Merges two runs in time order; at equal times the first run goes first. Blocks that do not overlap are passed on uncopied. */
function merge(a: Block[], b: Block[]): Block[] {
  const merged: Block[] = [];
  const builder = new BlockBuilder(MERGED_ROWS, a[0]!.names);
  const flush = () => {
    if (builder.count > 0) merged.push(builder.take());
  };
  const [left, right] = [new RunReader(a), new RunReader(b)];
  while (left.block && right.block) {
    const [first, other] = left.timeMs <= right.timeMs ? [left, right] : [right, left];
    const lastOfFirst = first.block!.timesMs.at(-1)!;
    if (first.row === 0 && (lastOfFirst < other.timeMs || (first === left && lastOfFirst === other.timeMs))) {
      flush();
      merged.push(first.block!);
      first.nextBlock();
      continue;
    }
    builder.addRow(first.block!, first.row);
    if (builder.count === MERGED_ROWS) flush();
    first.next();
  }
  flush();
  for (const cursor of [left, right]) {
    for (; cursor.block; cursor.nextBlock()) merged.push(cursor.block.slice(cursor.row));
  }
  return merged;
}

/** A position in a run of blocks. */
class RunReader {
  row = 0;
  readonly #blocks: Block[];
  #at = 0;

  constructor(blocks: Block[]) {
    this.#blocks = blocks;
  }

  get block(): Block | undefined {
    return this.#blocks[this.#at];
  }

  get timeMs(): number {
    return this.block!.timesMs[this.row]!;
  }

  next(): void {
    if (++this.row === this.block!.count) this.nextBlock();
  }

  nextBlock(): void {
    this.#at++;
    this.row = 0;
  }
}
