import type { Block } from '../../../core/wire/block.ts';
import { DAY_MS } from '../../formats/support/times/calendar.ts';
import { zoneClock, type ClockChange, type ZoneClock } from '../../formats/support/times/zone-clock.ts';
import type { NumberedRows } from './outliers.ts';

/** Rows that are held back at most until it is known which of the two hours they are in. */
const HELD_MAX_ROWS = 500_000;
/** Rows of a subject follow each other without a hole where a step is not longer than so many of its steps before. */
const STEPS_MAX = 2.5;
/** A step back of at least this share of the repeated time begins it anew; less may be disorder. */
const BACK_MIN_SHARE = 1 / 12;
/** How many rows of a subject before the repeated time tell its usual step. */
const STEPS_LOOKED_AT = 5;

/** The rows of one subject within one repeated time, in the order of the file. */
interface Run {
  change: ClockChange;
  rows: { block: Block; row: number }[];
  /** Times of rows of the subject just before it. */
  before: number[];
}

/**
 * Resolves times that the clocks of a zone show twice, where they are put back. The times arrive as the first of the two.
 * In the rows of a subject, a step back within the repeated time begins its second pass; in a file in descending order a
 * step forward begins the first. Rows that could be of either pass keep the first, and `ambiguous` receives their number.
 * Times that are shown once pass through at the cost of a comparison.
 */
export async function* withRepeatedHours(
  source: AsyncIterable<NumberedRows>,
  zone: string,
  ambiguous: (rows: number) => void,
): AsyncGenerator<NumberedRows> {
  const clock = zoneClock(zone);
  if (clock.fixedMs !== null) {
    yield* source;
    return;
  }
  const resolver = new Resolver(clock, ambiguous);
  let held: NumberedRows[] = [];
  let rows = 0;
  for await (const numbered of source) {
    resolver.add(numbered.block);
    held.push(numbered);
    rows += numbered.block.count;
    if (rows > HELD_MAX_ROWS) resolver.settle();
    if (resolver.isOpen) continue;
    yield* held;
    held = [];
    rows = 0;
  }
  resolver.settle();
  yield* held;
}

class Resolver {
  readonly #clock: ZoneClock;
  readonly #ambiguous: (rows: number) => void;
  /** Runs whose end has not been seen, by subject. */
  readonly #open = new Map<number, Run>();
  /** The block before, and its times as they arrived. */
  #previous: Block | null = null;

  constructor(clock: ZoneClock, ambiguous: (rows: number) => void) {
    this.#clock = clock;
    this.#ambiguous = ambiguous;
  }

  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Looks at the next rows. Times that are known to be of the second pass change in their blocks. */
  add(block: Block): void {
    if (this.#open.size > 0 || this.#mayRepeat(block)) this.#addRows(block);
    this.#previous = block;
  }

  /** Decides on all runs as they are. */
  settle(): void {
    for (const run of this.#open.values()) this.#decide(run, null);
    this.#open.clear();
  }

  /** Whether a change of clocks is near the times of a block. */
  #mayRepeat({ timesMs }: Block): boolean {
    let [low, high] = [Infinity, -Infinity];
    for (const timeMs of timesMs) {
      if (timeMs < low) low = timeMs;
      if (timeMs > high) high = timeMs;
    }
    const days = (high - low) / DAY_MS;
    // A long block has a change anyway; a short one is asked day by day.
    if (days > 100) return true;
    for (let day = Math.floor(low / DAY_MS); day <= Math.floor(high / DAY_MS) + 1; day++)
      if (this.#clock.changeIn(day)) return true;
    return false;
  }

  #addRows(block: Block): void {
    const { timesMs, subjects } = block;
    for (let row = 0; row < timesMs.length; row++) {
      const subject = subjects[row]!;
      const timeMs = timesMs[row]!;
      const run = this.#open.get(subject);
      const change = this.#changeAfter(timeMs);
      if (run && change?.atMs === run.change.atMs) run.rows.push({ block, row });
      else {
        if (run) {
          this.#decide(run, timeMs);
          this.#open.delete(subject);
        }
        if (change)
          this.#open.set(subject, { change, rows: [{ block, row }], before: this.#before(block, row) });
      }
    }
  }

  /** The change of clocks that shows this time again; null for a time that is shown once. */
  #changeAfter(timeMs: number): ClockChange | null {
    const day = Math.floor(timeMs / DAY_MS);
    for (const change of [this.#clock.changeIn(day), this.#clock.changeIn(day + 1)]) {
      const lengthMs = change ? change.beforeMs - change.afterMs : 0;
      if (change && lengthMs > 0 && timeMs < change.atMs && timeMs >= change.atMs - lengthMs) return change;
    }
    return null;
  }

  /** Times of the subject's rows before this one, the nearest first. */
  #before(block: Block, row: number): number[] {
    const found: number[] = [];
    const subject = block.subjects[row]!;
    for (let at = row - 1, from: Block | null = block; from && found.length < STEPS_LOOKED_AT;) {
      if (at < 0) {
        from = from === block ? this.#previous : null;
        at = from ? from.count - 1 : -1;
        continue;
      }
      // The list of names is one for all blocks of a file.
      if (from.subjects[at] === subject) found.push(from.timesMs[at]!);
      at--;
    }
    return found;
  }

  /** Decides which rows of a run are of the second pass. `afterMs`: the time of the subject's next row; null for none. */
  #decide({ change, rows, before }: Run, afterMs: number | null): void {
    const lengthMs = change.beforeMs - change.afterMs;
    const times = rows.map(({ block, row }) => block.timesMs[row]!);
    const falls = before.length > 0 ? before[0]! > times[0]! : afterMs !== null && afterMs < times.at(-1)!;
    const usualMs = usualStep([...before].reverse().concat(times));
    const at = turn(times, falls, lengthMs, usualMs);
    let second: [from: number, to: number] | null = at === -1 ? null : falls ? [0, at] : [at, times.length];
    if (!second) {
      // One pass only. It is told where it goes on from the rows on one side, and not to those on the other.
      const [earlierMs, laterMs] = falls ? [afterMs, before[0] ?? null] : [before[0] ?? null, afterMs];
      const [firstMs, lastMs] = falls ? [times.at(-1)!, times[0]!] : [times[0]!, times.at(-1)!];
      const isNear = (stepMs: number) => stepMs <= Math.max(usualMs * STEPS_MAX, 1_000);
      const followsEarlier = earlierMs !== null && isNear(firstMs - earlierMs);
      const leadsToLater = laterMs !== null && isNear(laterMs - (lastMs + lengthMs));
      if (followsEarlier === leadsToLater) this.#ambiguous(times.length);
      else if (leadsToLater) second = [0, times.length];
    }
    if (!second) return;
    for (const { block, row } of rows.slice(...second)) block.timesMs[row]! += lengthMs;
  }
}

/** The row at which times turn back to begin the repeated time anew (forward, where they fall); -1 if none does. */
function turn(times: number[], falls: boolean, lengthMs: number, usualMs: number): number {
  let best = -1;
  let bestMs = 0;
  for (let i = 1; i < times.length; i++) {
    const backMs = falls ? times[i]! - times[i - 1]! : times[i - 1]! - times[i]!;
    // Rows of one an hour have equal times in both passes: the step back is none.
    const isWhole = backMs >= 0 && lengthMs - backMs <= usualMs * STEPS_MAX && usualMs > 0;
    if ((isWhole || backMs >= lengthMs * BACK_MIN_SHARE) && backMs >= bestMs) {
      if (best === -1 || backMs > bestMs) best = i;
      bestMs = backMs;
    }
  }
  return best;
}

/** The median of the steps between times that are not equal; 0 for none. */
function usualStep(times: number[]): number {
  const steps = times
    .slice(1)
    .map((timeMs, i) => Math.abs(timeMs - times[i]!))
    .filter((stepMs) => stepMs > 0)
    .sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 0;
}
