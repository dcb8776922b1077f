/**
 * Seeded random numbers: sfc32 (Chris Doty-Humphrey, PractRand 0.94; public domain), its state filled from an FNV-1a
 * hash of seed and label. Every label is a stream of its own, so another vehicle or another question changes none of
 * the others. Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare: number | null = null;

  constructor(seed: number | string, label: string) {
    const key = `${seed}/${label}`;
    [this.#a, this.#b, this.#c] = [hash(key, 'a'), hash(key, 'b'), hash(key, 'c')];
    for (let i = 0; i < 15; i++) this.next(); // PractRand's own warm-up
  }

  /** Uniform in [0, 1), 32 bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number in [low, high), each as likely. */
  whole(low: number, high: number): number {
    return low + Math.floor((high - low) * this.next());
  }

  /** One of the items, each as likely. */
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(items.length * this.next())] as T;
  }

  /** A key of the weights, as likely as its weight says; weights need not sum to 1. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) if ((left -= weight) < 0) return key;
    return (entries.at(-1) as [K, number])[0];
  }

  /** Standard normal: mean 0, variance 1 (Marsaglia and Bray's polar method, 1964). */
  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    for (;;) {
      const u = 2 * this.next() - 1;
      const v = 2 * this.next() - 1;
      const square = u * u + v * v;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = v * scale;
      return u * scale;
    }
  }

  /** Exponential with the given mean: the wait for the next of events that come independently. */
  wait(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }
}

function hash(key: string, salt: string): number {
  let value = 0x811c9dc5;
  for (const character of salt + key)
    value = Math.imul(value ^ (character.codePointAt(0) as number), 0x01000193);
  return value | 0;
}
