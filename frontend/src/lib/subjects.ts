import { Series } from './series.ts';

/** Number of colours in the palette; `--subject-0` to `--subject-11` in the style sheet. */
export const COLOURS = 12;

/** One thing that events speak of: a vehicle, an author, a sensor. It keeps its colour when its epoch is void. */
export class Subject {
  /** The channel at the beginning of its channels. */
  readonly root: string;
  readonly name: string;
  readonly key: string;
  /** Index into the palette. */
  readonly colour: number;
  /** Whether the current epoch has spoken of it. */
  present = false;
  /** Its numbers over time, by metric; and which channel told them. */
  readonly series = new Map<string, { channel: string; series: Series }>();

  constructor(root: string, name: string, colour: number) {
    this.root = root;
    this.name = name;
    this.key = keyOf(root, name);
    this.colour = colour;
  }

  add(metric: string, channel: string, timeMs: number, value: number): void {
    let entry = this.series.get(metric);
    if (!entry) this.series.set(metric, (entry = { channel, series: new Series() }));
    entry.series.add(timeMs, value);
  }
}

/** A subject's identity on the page. */
export const keyOf = (root: string, name: string): string => `${root}\n${name}`;

const natural = new Intl.Collator('en', { numeric: true });

/** All subjects, found by root channel and name. */
export class Subjects {
  readonly all = new Map<string, Subject>();
  #used = new Array<number>(COLOURS).fill(0);
  #sorted: Subject[] = [];
  #sortedCount = -1;

  get(root: string, name: string): Subject {
    const key = keyOf(root, name);
    let subject = this.all.get(key);
    if (!subject) this.all.set(key, (subject = new Subject(root, name, this.#colourFor(name))));
    return subject;
  }

  /** Removes all subjects of a channel that is no longer watched. */
  drop(root: string): void {
    for (const [key, subject] of this.all) {
      if (subject.root !== root) continue;
      this.all.delete(key);
      this.#used[subject.colour] = (this.#used[subject.colour] ?? 1) - 1;
    }
    this.#sortedCount = -1;
  }

  /** Those present, in natural order of their names. */
  present(): Subject[] {
    if (this.#sortedCount !== this.all.size) {
      this.#sorted = [...this.all.values()].sort(
        (a, b) => natural.compare(a.root, b.root) || natural.compare(a.name, b.name),
      );
      this.#sortedCount = this.all.size;
    }
    return this.#sorted.filter((subject) => subject.present);
  }

  /** The name's own colour if it is among the least used, so that colours differ first and stay the same over reloads second. */
  #colourFor(name: string): number {
    let hash = 2166136261;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
    const least = Math.min(...this.#used);
    for (let i = 0; i < COLOURS; i++) {
      const colour = ((hash >>> 0) + i) % COLOURS;
      if (this.#used[colour] === least) {
        this.#used[colour] = least + 1;
        return colour;
      }
    }
    return 0;
  }
}
