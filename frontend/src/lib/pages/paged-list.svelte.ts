import type { Problem } from '../../../../schemas/types.ts';
import { Poll } from '../live/poll.svelte.ts';
import { route } from '../ui/route.svelte.ts';
import { Action } from './action.svelte.ts';
import type { Page, Query } from './api.ts';

interface PagedListOptions {
  everyMs: number;
  /** Entries per page. */
  limit: number;
  /** Query parameters of the page's address that filter the list, so that a link keeps the filter. */
  filters?: readonly string[];
}

/** A list of the API, newest entries first: polled, filtered, and extended with older pages. It is not polled while it is paused. */
export class PagedList<T extends { id: string }> {
  readonly #load: (query: Query, signal?: AbortSignal) => Promise<Page<T>>;
  readonly #limit: number;
  readonly #filters: readonly string[];
  readonly #poll: Poll<Page<T>>;
  readonly #older = new Action();
  #isPaused = $state(false);
  /** The entries shown while the list is paused. */
  #held = $state.raw<Page<T>>();

  /** Must be called while a component is set up: the list is polled while that component is mounted. */
  constructor(
    load: (query: Query, signal?: AbortSignal) => Promise<Page<T>>,
    { everyMs, limit, filters = [] }: PagedListOptions,
  ) {
    this.#load = load;
    this.#limit = limit;
    this.#filters = filters;
    this.#poll = new Poll(async (signal) => {
      if (this.#held) return this.#held;
      const page = await this.#load(this.#query(), signal);
      if (this.#isPaused) this.#held = page;
      return page;
    }, everyMs);
  }

  /** The entries that are loaded; undefined before the first answer. */
  get items(): readonly T[] | undefined {
    return this.#page?.items;
  }

  get hasOlder(): boolean {
    return Boolean(this.#page?.cursor);
  }

  get isPaused(): boolean {
    return this.#isPaused || this.#held !== undefined;
  }

  get isFiltered(): boolean {
    return this.#filters.some((name) => route.get(name));
  }

  get problem(): Problem | undefined {
    return this.#older.problem ?? this.#poll.problem;
  }

  /** Hides the problem; undefined if the list itself can't be loaded, which it shows until it can. */
  get dismiss(): (() => void) | undefined {
    return this.#older.problem && this.#older.dismiss;
  }

  /** Appends the next older page. The list is paused from then on. */
  loadOlder(): Promise<boolean> {
    return this.#older.run(async () => {
      const cursor = this.#page?.cursor ?? undefined;
      const { items, cursor: next } = await this.#load({ ...this.#query(), cursor });
      this.#held = { items: [...(this.items ?? []), ...items], cursor: next };
    });
  }

  pause(): void {
    this.#isPaused = true;
    this.#held = this.#page;
  }

  /** Shows the latest entries and polls again. */
  resume(): void {
    this.#isPaused = false;
    this.#held = undefined;
  }

  /** Changes the filter in the address. */
  filter(query: Query): void {
    this.#held = undefined;
    route.set(query);
  }

  /** Loads the entries again, except for one that is known to be gone. */
  async refreshWithout(id: string): Promise<void> {
    if (this.#held) this.#held = { ...this.#held, items: this.#held.items.filter((item) => item.id !== id) };
    await this.#poll.refresh();
  }

  async refresh(): Promise<void> {
    this.resume();
    await this.#poll.refresh();
  }

  get #page(): Page<T> | undefined {
    return this.#held ?? this.#poll.value;
  }

  #query(): Query {
    const filters = this.#filters.map((name) => [name, route.get(name)] as const);
    return { ...Object.fromEntries(filters), limit: String(this.#limit) };
  }
}
