import { levels, type Level } from '../../../core/logging/log.ts';
import type { Fields, Labels, ServiceLog } from './service.ts';

/** A line of the log. */
export interface Line {
  level: Level;
  message: string;
  fields: Fields;
}

/** What a service told people while it derived: lines for the log, and what it counted and observed. */
export interface Told {
  lines: Line[];
  /** Lines that found no room. */
  left: number;
  counts: { metric: string; labels: Labels; by: number }[];
  observations: { metric: string; labels: Labels; value: number }[];
}

/** A service that says something of every event would be heard by nobody. */
const LINES_MAX = 1_000;
/** One for all engines: most have nothing to tell. */
const NOTHING: Told = { lines: [], left: 0, counts: [], observations: [] };

/** Takes down what a service tells, for when what it derived is committed. */
export class Telling implements ServiceLog {
  readonly #level: number;
  #told: Told | null = null;

  /** Lines below the level are not taken down. */
  constructor(level: string) {
    this.#level = Object.hasOwn(levels, level) ? levels[level as Level] : Infinity;
  }

  debug(message: string, fields?: Fields): void {
    this.#line('debug', message, fields);
  }

  info(message: string, fields?: Fields): void {
    this.#line('info', message, fields);
  }

  warn(message: string, fields?: Fields): void {
    this.#line('warn', message, fields);
  }

  error(message: string, fields?: Fields): void {
    this.#line('error', message, fields);
  }

  critical(message: string, fields?: Fields): void {
    this.#line('critical', message, fields);
  }

  count(metric: string, labels: Labels = {}, by = 1): void {
    this.#open.counts.push({ metric, labels, by });
  }

  observe(metric: string, value: number, labels: Labels = {}): void {
    this.#open.observations.push({ metric, labels, value });
  }

  /** What was told since the last call. */
  take(): Told {
    const told = this.#told ?? NOTHING;
    this.#told = null;
    return told;
  }

  get #open(): Told {
    return (this.#told ??= { lines: [], left: 0, counts: [], observations: [] });
  }

  #line(level: Level, message: string, fields: Fields = {}): void {
    if (levels[level] < this.#level) return;
    const told = this.#open;
    if (told.lines.length < LINES_MAX) told.lines.push({ level, message, fields: { ...fields } });
    else told.left++;
  }
}
