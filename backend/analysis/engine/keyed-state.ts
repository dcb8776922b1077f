import { Timers, type KeyTimer } from './timers.ts';

/** Prefix of the checkpoint entries of keys. */
const KEY_ENTRY = '=';

/** A checkpoint entry: state `s` and timers `t` of a key. */
interface KeyEntry {
  s: unknown;
  t?: { [name: string]: number };
}

/** State and timers by key, and the keys that have changed since the last commit. */
export class KeyedState {
  #states = new Map<string, unknown>();
  #timers = new Timers();
  readonly #changed = new Set<string>();

  /** Whether a timer waits for its time. */
  get hasTimers(): boolean {
    return this.#timers.waits;
  }

  /** Whether anything has changed since the last commit. */
  get hasChanges(): boolean {
    return this.#changed.size > 0;
  }

  /** The state of a key; null if it has none. */
  get(key: string): unknown {
    return this.#states.get(key) ?? null;
  }

  /** Replaces the state of a key; null deletes it. */
  set(key: string, state: unknown): void {
    if (state === null) this.#states.delete(key);
    else this.#states.set(key, state);
    this.#changed.add(key);
  }

  /** Marks a key as changed. */
  touch(key: string): void {
    this.#changed.add(key);
  }

  /** Sets a timer, epoch ms; it replaces a timer of the same key and name. */
  setTimer(key: string, name: string, timeMs: number): void {
    this.#timers.set(key, name, timeMs);
    this.#changed.add(key);
  }

  /** Removes a timer, if there is one. */
  clearTimer(key: string, name: string): void {
    this.#timers.clear(key, name);
    this.#changed.add(key);
  }

  /** Removes and returns the next timer that is due; null if none is. */
  takeDueTimer(nowMs: number): KeyTimer | null {
    const timer = this.#timers.takeDue(nowMs);
    if (timer) this.#changed.add(timer.key);
    return timer;
  }

  /** All timers in the order in which they come due. */
  allTimers(): KeyTimer[] {
    return this.#timers.all();
  }

  /** Drops all state and timers: a new epoch begins. */
  clear(): void {
    this.#states = new Map();
    this.#timers = new Timers();
    this.#changed.clear();
  }

  /** Loads an entry of a checkpoint. Entries that are not of a key are ignored. */
  load(entry: string, text: string): void {
    if (!entry.startsWith(KEY_ENTRY)) return;
    const key = entry.slice(KEY_ENTRY.length);
    const { s: state, t: timers = {} } = JSON.parse(text) as KeyEntry;
    if (state !== null) this.#states.set(key, state);
    for (const [name, timeMs] of Object.entries(timers)) this.#timers.set(key, name, timeMs);
  }

  /** The changed keys as entries of a checkpoint; '' deletes an entry. */
  changedEntries(): Map<string, string> {
    const entries = new Map<string, string>();
    for (const key of this.#changed) {
      const state = this.#states.get(key) ?? null;
      const timers = this.#timers.of(key);
      const entry: KeyEntry = timers ? { s: state, t: timers } : { s: state };
      entries.set(KEY_ENTRY + key, state === null && !timers ? '' : JSON.stringify(entry));
    }
    return entries;
  }

  /** From now on, nothing has changed. */
  clearChanges(): void {
    this.#changed.clear();
  }
}
