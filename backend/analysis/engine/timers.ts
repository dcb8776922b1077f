/** A timer of one key. */
export interface KeyTimer {
  key: string;
  name: string;
  /** Event time, epoch ms. */
  timeMs: number;
}

interface PendingTimer {
  timeMs: number;
  /** Time of its entry in the heap. The entry is not moved when the timer is set to a later time. */
  queuedMs: number;
}

/**
 * Timers on event time, by key and name. They come due in the order of time, then key, then name, whatever the order in
 * which they were set. So a restart in between makes no difference.
 */
export class Timers {
  readonly #heap: KeyTimer[] = [];
  readonly #pending = new Map<string, Map<string, PendingTimer>>();

  /** Sets a timer; it replaces a timer of the same key and name. */
  set(key: string, name: string, timeMs: number): void {
    let named = this.#pending.get(key);
    if (!named) this.#pending.set(key, (named = new Map<string, PendingTimer>()));
    const pending = named.get(name);
    if (pending && pending.queuedMs <= timeMs) {
      pending.timeMs = timeMs;
      return;
    }
    named.set(name, { timeMs, queuedMs: timeMs });
    this.#push({ key, name, timeMs });
  }

  /** Removes a timer, if there is one. */
  clear(key: string, name: string): void {
    const named = this.#pending.get(key);
    named?.delete(name);
    if (named?.size === 0) this.#pending.delete(key);
  }

  /** Whether a timer waits for its time. */
  get waits(): boolean {
    return this.#pending.size > 0;
  }

  /** The timers of a key: name -> time, epoch ms; null if it has none. */
  of(key: string): { [name: string]: number } | null {
    const named = this.#pending.get(key);
    if (!named) return null;
    return Object.fromEntries(Array.from(named, ([name, { timeMs }]) => [name, timeMs]));
  }

  /** All timers in the order in which they come due. */
  all(): KeyTimer[] {
    const all: KeyTimer[] = [];
    for (const [key, named] of this.#pending)
      for (const [name, { timeMs }] of named) all.push({ key, name, timeMs });
    return all.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  /** Removes and returns the next timer that is due at a time; null if none is. */
  takeDue(nowMs: number): KeyTimer | null {
    while (this.#heap.length > 0 && this.#heap[0]!.timeMs <= nowMs) {
      const timer = this.#pop();
      const pending = this.#pending.get(timer.key)?.get(timer.name);
      // The timer was cleared, or set again to an earlier time, which has an entry of its own.
      if (!pending || pending.queuedMs !== timer.timeMs) continue;
      if (pending.timeMs > timer.timeMs) {
        pending.queuedMs = pending.timeMs;
        this.#push({ ...timer, timeMs: pending.timeMs });
        continue;
      }
      this.clear(timer.key, timer.name);
      return timer;
    }
    return null;
  }

  #push(timer: KeyTimer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): KeyTimer {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child; (child = at * 2 + 1) < heap.length; at = child) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: KeyTimer, b: KeyTimer): boolean {
  if (a.timeMs !== b.timeMs) return a.timeMs < b.timeMs;
  return a.key === b.key ? a.name < b.name : a.key < b.key;
}
