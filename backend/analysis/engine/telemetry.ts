import { levels, type Level } from '../../../core/logging/log.ts';
import type { LogFields, MetricLabels, ServiceLog } from './service.ts';

/** A line of the log. */
export interface LogLine {
  level: Level;
  message: string;
  fields: LogFields;
}

/** What a service told people while it derived: lines for the log, and what it counted and observed. */
export interface Telemetry {
  lines: LogLine[];
  /** Lines that found no room. */
  left: number;
  counts: { metric: string; labels: MetricLabels; by: number }[];
  observations: { metric: string; labels: MetricLabels; value: number }[];
}

/** A service that says something of every event would be heard by nobody. */
const LINES_MAX = 1_000;
/** One for all engines: most have nothing to tell. */
const NOTHING: Telemetry = { lines: [], left: 0, counts: [], observations: [] };

/** Takes down what a service tells, for when what it derived is committed. */
export class TelemetryBuffer implements ServiceLog {
  readonly #level: number;
  #told: Telemetry | null = null;

  /** Lines below the level are not taken down. */
  constructor(level: string) {
    this.#level = Object.hasOwn(levels, level) ? levels[level as Level] : Infinity;
  }

  debug(message: string, fields?: LogFields): void {
    this.#line('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#line('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#line('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#line('error', message, fields);
  }

  critical(message: string, fields?: LogFields): void {
    this.#line('critical', message, fields);
  }

  count(metric: string, labels: MetricLabels = {}, by = 1): void {
    this.#open.counts.push({ metric, labels, by });
  }

  observe(metric: string, value: number, labels: MetricLabels = {}): void {
    this.#open.observations.push({ metric, labels, value });
  }

  /** What was told since the last call. */
  take(): Telemetry {
    const told = this.#told ?? NOTHING;
    this.#told = null;
    return told;
  }

  get #open(): Telemetry {
    return (this.#told ??= { lines: [], left: 0, counts: [], observations: [] });
  }

  #line(level: Level, message: string, fields: LogFields = {}): void {
    if (levels[level] < this.#level) return;
    const told = this.#open;
    if (told.lines.length < LINES_MAX) told.lines.push({ level, message, fields: { ...fields } });
    else told.left++;
  }
}
