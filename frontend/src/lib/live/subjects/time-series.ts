const FIRST = 64;
const MOST = 4096;

/**
 * One number over event time, oldest first, in typed arrays. Times are ms and rise; a value that is not newer than the last
 * one is left out. When it is full, every other value of its older half is dropped, so that it always covers the whole time.
 */
export class TimeSeries {
  times = new Float64Array(FIRST);
  values = new Float64Array(FIRST);
  length = 0;

  add(timeMs: number, value: number): void {
    if (this.length > 0 && timeMs <= (this.times[this.length - 1] as number)) return;
    if (this.length === this.times.length) this.#makeRoom();
    this.times[this.length] = timeMs;
    this.values[this.length++] = value;
  }

  clear(): void {
    this.length = 0;
  }

  /** The index of the first value at or after a time. */
  indexAt(timeMs: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.times[middle] as number) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #makeRoom(): void {
    if (this.times.length < MOST) {
      const grow = (old: Float64Array): Float64Array<ArrayBuffer> => {
        const larger = new Float64Array(old.length * 2);
        larger.set(old);
        return larger;
      };
      this.times = grow(this.times);
      this.values = grow(this.values);
      return;
    }
    const quarter = MOST / 4;
    for (const array of [this.times, this.values]) {
      for (let i = 0; i < quarter; i++) array[i] = array[i * 2] as number;
      array.copyWithin(quarter, MOST / 2, MOST);
    }
    this.length = MOST - quarter;
  }
}
