import type { Subject } from './subjects.ts';

/** A subject is silent after this long without an event, or this many times its usual pause, whichever is longer. */
const SILENT_MS = 60_000;
const SILENT_PAUSES = 10;
/** A choice holds this long, wall time, so that what is shown does not flicker. */
const CHOOSE_EVERY_MS = 5000;

/** What is known of the events of a subject. */
type Heard = Pick<Subject, 'root' | 'events' | 'firstMs' | 'lastMs'>;

/** The event time of the newest event of each root channel, ms. */
export function newestOf(subjects: readonly Heard[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const { root, lastMs } of subjects)
    if (lastMs > (newest.get(root) ?? -Infinity)) newest.set(root, lastMs);
  return newest;
}

/** Whether a subject has been silent at an event time, ms: much longer than it usually is. */
export function isSilent({ events, firstMs, lastMs }: Heard, nowMs: number): boolean {
  const usualMs = events > 1 ? (lastMs - firstMs) / (events - 1) : 0;
  return nowMs - lastMs > Math.max(SILENT_MS, SILENT_PAUSES * usualMs);
}

/** Those that are alive before those that are silent, and those with more events before those with fewer. */
function livelyFirst<T extends Heard>(subjects: readonly T[]): T[] {
  const newest = newestOf(subjects);
  const silent = new Map(subjects.map((each) => [each, isSilent(each, newest.get(each.root) ?? NaN)]));
  return subjects.toSorted(
    (a, b) =>
      Number(silent.get(a)) - Number(silent.get(b)) ||
      b.events - a.events ||
      (b.lastMs || 0) - (a.lastMs || 0),
  );
}

/** Chooses the liveliest subjects where not all can be shown. */
export class LivelyChoice {
  readonly #most: number;
  #keys: ReadonlySet<string> = new Set();
  #chosenAt = -Infinity;

  constructor(most: number) {
    this.#most = most;
  }

  /** At most so many of the subjects, in their order. */
  of(subjects: readonly Subject[]): Subject[] {
    if (subjects.length <= this.#most) return [...subjects];
    const now = performance.now();
    const chosen = subjects.filter(({ key }) => this.#keys.has(key));
    if (chosen.length === this.#most && now - this.#chosenAt < CHOOSE_EVERY_MS) return chosen;
    this.#chosenAt = now;
    this.#keys = new Set(
      livelyFirst(subjects)
        .slice(0, this.#most)
        .map(({ key }) => key),
    );
    return subjects.filter(({ key }) => this.#keys.has(key));
  }
}
