import { levels, type Level } from '../../../core/logging/log.ts';
import type { LogFields, MetricLabels, ServiceLog } from './service.ts';

/** A log line of a service. */
export interface LogLine {
  level: Level;
  message: string;
  fields: LogFields;
}

/** Log lines and metrics of a service. */
export interface Telemetry {
  lines: LogLine[];
  /** Number of lines that were dropped, because there were too many. */
  dropped: number;
  counts: { metric: string; labels: MetricLabels; by: number }[];
  observations: { metric: string; labels: MetricLabels; value: number }[];
}

/** Lines per commit at most, so that a service that logs each event does not flood the log. */
const LINES_MAX = 1_000;
/** Shared by all engines: most have nothing to report. */
const NOTHING: Telemetry = { lines: [], dropped: 0, counts: [], observations: [] };

/** Collects log lines and metrics of a service until what it derived is committed. */
export class TelemetryBuffer implements ServiceLog {
  readonly #level: number;
  #telemetry: Telemetry | null = null;

  /** @param level lines below it are dropped */
  constructor(level: string) {
    this.#level = Object.hasOwn(levels, level) ? levels[level as Level] : Infinity;
  }

  debug(message: string, fields?: LogFields): void {
    this.#add('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#add('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#add('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#add('error', message, fields);
  }

  critical(message: string, fields?: LogFields): void {
    this.#add('critical', message, fields);
  }

  /** Increases a counter. */
  count(metric: string, labels: MetricLabels = {}, by = 1): void {
    this.#open.counts.push({ metric, labels, by });
  }

  /** Adds a value to a distribution. */
  observe(metric: string, value: number, labels: MetricLabels = {}): void {
    this.#open.observations.push({ metric, labels, value });
  }

  /** Returns what was collected since the last call. */
  take(): Telemetry {
    const telemetry = this.#telemetry ?? NOTHING;
    this.#telemetry = null;
    return telemetry;
  }

  get #open(): Telemetry {
    return (this.#telemetry ??= { lines: [], dropped: 0, counts: [], observations: [] });
  }

  #add(level: Level, message: string, fields: LogFields = {}): void {
    if (levels[level] < this.#level) return;
    const telemetry = this.#open;
    if (telemetry.lines.length < LINES_MAX) telemetry.lines.push({ level, message, fields: { ...fields } });
    else telemetry.dropped++;
  }
}
