import { TimeSeries } from './time-series.ts';

/** Number of colours in the palette; `--subject-0` to `--subject-11` in the style sheet. */
export const COLOURS = 12;

/** One thing that events speak of: a vehicle, an author, a sensor. It keeps its colour when its epoch is void. */
export class Subject {
  /** The channel at the beginning of its channels. */
  readonly root: string;
  readonly name: string;
  readonly key: string;
  /** Index into the palette. */
  colour: number;
  /** Whether the current epoch has spoken of it. */
  present = false;
  /** Its numbers over time, by metric; and which channel told them. */
  readonly series = new Map<string, { channel: string; series: TimeSeries }>();

  constructor(root: string, name: string, colour: number) {
    this.root = root;
    this.name = name;
    this.key = keyOf(root, name);
    this.colour = colour;
  }

  add(metric: string, channel: string, timeMs: number, value: number): void {
    let entry = this.series.get(metric);
    if (!entry) this.series.set(metric, (entry = { channel, series: new TimeSeries() }));
    entry.series.add(timeMs, value);
  }
}

/** A subject's identity on the page. */
export const keyOf = (root: string, name: string): string => `${root}\n${name}`;

const natural = new Intl.Collator('en', { numeric: true });

/** All subjects, found by root channel and name. */
export class Subjects {
  readonly all = new Map<string, Subject>();
  /** Moves when subjects get other colours. */
  version = 0;
  #next = new Map<string, number>();
  /** Colours of subjects that are known by name but have not come yet. */
  #reserved = new Map<string, number>();
  #sorted: Subject[] = [];
  #sortedCount = -1;

  get(root: string, name: string): Subject {
    const key = keyOf(root, name);
    let subject = this.all.get(key);
    if (!subject)
      this.all.set(key, (subject = new Subject(root, name, this.#reserved.get(key) ?? this.#take(root))));
    return subject;
  }

  /**
   * Gives the subjects of a root channel, and those that will come, their colours in the order of their names: neighbours in
   * the list and lines of one chart differ, and a reload changes nothing.
   */
  arrange(root: string, names: readonly string[] = []): void {
    const here = [...this.all.values()].filter((subject) => subject.root === root);
    const all = [...new Set([...here.map(({ name }) => name), ...names])].sort(natural.compare);
    all.forEach((name, i) => this.#reserved.set(keyOf(root, name), i % COLOURS));
    this.#next.set(root, all.length);
    for (const subject of here) subject.colour = this.#reserved.get(subject.key) ?? subject.colour;
    this.version++;
  }

  /** Removes all subjects of a channel that is no longer watched. */
  drop(root: string): void {
    for (const reserved of [this.all, this.#reserved]) {
      for (const key of reserved.keys()) if (key.startsWith(keyOf(root, ''))) reserved.delete(key);
    }
    this.#next.delete(root);
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

  #take(root: string): number {
    const next = this.#next.get(root) ?? 0;
    this.#next.set(root, next + 1);
    return next % COLOURS;
  }
}
