import { colourOf, coloursOf, MOST_APART } from './subject-colours.ts';
import { TimeSeries } from './time-series.ts';

/** A vehicle, author, sensor or other thing that events are about. */
export class Subject {
  /** The channel from which all its channels are derived. */
  readonly root: string;
  readonly name: string;
  readonly key: string;
  /** Index into the palette. */
  colour: number;
  /** Whether the current epoch has events about it. */
  present = false;
  /** How many events the current epoch has about it, and the event times of the first and the last one, ms. */
  events = 0;
  firstMs = NaN;
  lastMs = NaN;
  /** The channel whose events are counted. */
  #counted: string | undefined;
  /** Its numbers over time by metric, each with the channel that it came from. */
  readonly series = new Map<string, { channel: string; series: TimeSeries }>();

  constructor(root: string, name: string, colour: number) {
    this.root = root;
    this.name = name;
    this.key = keyOf(root, name);
    this.colour = colour;
  }

  /** Notes the time of an event about it. */
  heard(timeMs: number): void {
    if (!(timeMs >= this.firstMs)) this.firstMs = timeMs;
    if (!(timeMs <= this.lastMs)) this.lastMs = timeMs;
  }

  /** Counts an event about it; derived channels, whose names are longer, are not counted. */
  count(channel: string): void {
    if (this.#counted === undefined || channel.length < this.#counted.length) {
      this.#counted = channel;
      this.events = 0;
    }
    if (channel === this.#counted) this.events++;
  }

  /** Its epoch is void. */
  forget(): void {
    this.present = false;
    this.events = 0;
    this.#counted = undefined;
    this.firstMs = this.lastMs = NaN;
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

/** All subjects of what is shown, by root channel and name. */
export class Subjects {
  readonly all = new Map<string, Subject>();
  /** Changes when subjects get other colours. */
  version = 0;
  /** For a root channel the names that are known beforehand, from the description of its recordings. */
  #rosters = new Map<string, readonly string[]>();
  #colours = new Map<string, Map<string, number>>();
  #sorted: Subject[] = [];
  #sortedCount = -1;

  get(root: string, name: string): Subject {
    const key = keyOf(root, name);
    let subject = this.all.get(key);
    if (!subject) {
      this.all.set(key, (subject = new Subject(root, name, 0)));
      const seen = this.#colours.get(root)?.size ?? 0;
      if (!this.#rosters.has(root) && seen <= MOST_APART) this.#colours.delete(root);
      subject.colour = this.#coloursOf(root).get(name) ?? colourOf(name);
    }
    return subject;
  }

  /**
   * Takes the names of all subjects of a root channel, so that each has its colour before its first event and keeps it. Where
   * they are not known, colours follow from the subjects that have been seen, and may change while more of them are.
   */
  expect(root: string, names: readonly string[]): void {
    if (this.#rosters.get(root)?.join('\n') === names.join('\n')) return;
    this.#rosters.set(root, names);
    this.#colours.delete(root);
    this.#recolour(root);
  }

  /** Forgets all subjects, because another replay is shown. */
  clear(): void {
    this.all.clear();
    this.#rosters.clear();
    this.#colours.clear();
    this.#sortedCount = -1;
    this.version++;
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

  #coloursOf(root: string): ReadonlyMap<string, number> {
    let colours = this.#colours.get(root);
    if (!colours) {
      const here = [...this.all.values()].filter((subject) => subject.root === root);
      colours = coloursOf(this.#rosters.get(root) ?? here.map(({ name }) => name));
      this.#colours.set(root, colours);
      if (!this.#rosters.has(root)) this.#recolour(root);
    }
    return colours;
  }

  #recolour(root: string): void {
    const colours = this.#coloursOf(root);
    let changed = false;
    for (const subject of this.all.values()) {
      if (subject.root !== root) continue;
      const colour = colours.get(subject.name) ?? colourOf(subject.name);
      changed ||= colour !== subject.colour;
      subject.colour = colour;
    }
    if (changed) this.version++;
  }
}
