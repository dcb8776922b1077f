import { SUBJECT_COLOURS } from '../ui/palette.ts';
import { TimeSeries } from './time-series.ts';

/** A vehicle, author, sensor or other thing that events are about. Keeps its colour from epoch to epoch. */
export class Subject {
  /** The channel from which all its channels are derived. */
  readonly root: string;
  readonly name: string;
  readonly key: string;
  /** Index into the palette. */
  colour: number;
  /** Whether the current epoch has events about it. */
  present = false;
  /** Its numbers over time by metric, each with the channel that it came from. */
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

/** The key of a subject on the page. */
export const keyOf = (root: string, name: string): string => `${root}\n${name}`;

const natural = new Intl.Collator('en', { numeric: true });

/** All subjects by root channel and name. */
export class Subjects {
  readonly all = new Map<string, Subject>();
  /** Changes when subjects get other colours. */
  version = 0;
  #next = new Map<string, number>();
  /** Colours of subjects whose names are known but which have no events yet. */
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
   * Assigns colours to the subjects of a root channel, and to those expected by name, in the order of their names: neighbours
   * in the list and lines of one chart differ, and a reload changes nothing.
   */
  arrange(root: string, names: readonly string[] = []): void {
    const here = [...this.all.values()].filter((subject) => subject.root === root);
    const all = [...new Set([...here.map(({ name }) => name), ...names])].sort(natural.compare);
    all.forEach((name, i) => this.#reserved.set(keyOf(root, name), i % SUBJECT_COLOURS));
    this.#next.set(root, all.length);
    for (const subject of here) subject.colour = this.#reserved.get(subject.key) ?? subject.colour;
    this.version++;
  }

  /** Removes all subjects of a root channel that is no longer watched. */
  drop(root: string): void {
    for (const reserved of [this.all, this.#reserved]) {
      for (const key of reserved.keys()) if (key.startsWith(keyOf(root, ''))) reserved.delete(key);
    }
    this.#next.delete(root);
    this.#sortedCount = -1;
  }

  /** The subjects of the current epoch, in natural order of their names. */
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
    return next % SUBJECT_COLOURS;
  }
}
