/** Keeps the last `size` items; older ones are dropped. */
export class RingBuffer<T> {
  readonly size: number;
  #items: T[] = [];
  #next = 0;
  /** How many items were pushed since the last clear. */
  pushed = 0;

  constructor(size: number) {
    this.size = size;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    this.#items[this.#next] = item;
    this.#next = (this.#next + 1) % this.size;
    this.pushed++;
  }

  clear(): void {
    this.#items = [];
    this.#next = 0;
    this.pushed = 0;
  }

  /** At most `limit` items that pass, newest first. */
  newest(limit: number, passes: (item: T) => boolean = () => true): T[] {
    const found: T[] = [];
    const n = this.#items.length;
    for (let i = 1; i <= n && found.length < limit; i++) {
      const item = this.#items[(this.#next - i + this.size) % this.size] as T;
      if (passes(item)) found.push(item);
    }
    return found;
  }
}
