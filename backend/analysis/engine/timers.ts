/** A timer of one key. */
export interface KeyTimer {
  key: string;
  name: string;
  timeMs: number;
}

interface PendingTimer {
  timeMs: number;
  /** Time of its entry in the heap, which is not moved when the timer is put off. */
  queuedMs: number;
}

/**
 * Timers on event time, by key and name. They come due in the order of time, then key, then name, however they were set:
 * so a restart in between changes nothing.
 */
export class Timers {
  readonly #heap: KeyTimer[] = [];
  readonly #settings = new Map<string, Map<string, PendingTimer>>();

  set(key: string, name: string, timeMs: number): void {
    let named = this.#settings.get(key);
    if (!named) this.#settings.set(key, (named = new Map<string, PendingTimer>()));
    const setting = named.get(name);
    if (setting && setting.queuedMs <= timeMs) {
      setting.timeMs = timeMs;
      return;
    }
    named.set(name, { timeMs, queuedMs: timeMs });
    this.#push({ key, name, timeMs });
  }

  clear(key: string, name: string): void {
    const named = this.#settings.get(key);
    named?.delete(name);
    if (named?.size === 0) this.#settings.delete(key);
  }

  /** Whether there is one that waits. */
  get waits(): boolean {
    return this.#settings.size > 0;
  }

  /** The timers of a key: name -> time; null when it has none. */
  of(key: string): { [name: string]: number } | null {
    const named = this.#settings.get(key);
    if (!named) return null;
    return Object.fromEntries(Array.from(named, ([name, { timeMs }]) => [name, timeMs]));
  }

  /** All, in the order they come due. */
  all(): KeyTimer[] {
    const all: KeyTimer[] = [];
    for (const [key, named] of this.#settings)
      for (const [name, { timeMs }] of named) all.push({ key, name, timeMs });
    return all.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  /** Takes the next one that is due at a time; null when there is none. */
  takeDue(nowMs: number): KeyTimer | null {
    while (this.#heap.length > 0 && this.#heap[0]!.timeMs <= nowMs) {
      const timer = this.#pop();
      const setting = this.#settings.get(timer.key)?.get(timer.name);
      // Cleared, or set anew to an earlier time, which has an entry of its own.
      if (!setting || setting.queuedMs !== timer.timeMs) continue;
      if (setting.timeMs > timer.timeMs) {
        setting.queuedMs = setting.timeMs;
        this.#push({ ...timer, timeMs: setting.timeMs });
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
