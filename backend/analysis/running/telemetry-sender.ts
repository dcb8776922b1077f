import { sentence } from '../../../core/problems/errors.ts';
import type { Level, Logger } from '../../../core/logging/log.ts';
import type { MetricSink } from '../../../core/plugins/plugin.ts';
import { callProtocol, type Redis } from '../../../core/redis/connection.ts';
import type { Telemetry } from '../engine/telemetry.ts';
import type { LogFields, MetricLabels } from '../engine/service.ts';

/** What a telemetry sender needs. */
export interface TelemetrySenderParts {
  redis: Redis;
  log: Logger;
  service: string;
  metricSinks?: MetricSink[];
}

/** A metric with its labels, as JSON text, and what was added since the last flush. */
interface Series {
  metric: string;
  labels: string;
  count: number;
  values: number[];
}

const FLUSH_MS = 1_000;
/** While Redis is away, further values of a series are dropped. */
const VALUES_MAX = 10_000;
const VALUES_AT_ONCE = 1_000;
const SERIES_MAX = 1_000;
const MESSAGE_MAX = 1_000;
const TEXT_MAX = 200;
/** Members of a log line that a service can't set. */
const RESERVED = new Set(['time', 'level', 'kind', 'service', 'message', 'role', 'pid']);

/**
 * Sends the telemetry of a service: log lines at once, metrics once a second to Redis, where /metrics reads them. It gets
 * telemetry only after the commit of the derived events, so a killed service that starts over reports nothing twice; what
 * was not sent by then, at most a second of metrics, is missing.
 */
export class TelemetrySender {
  readonly #parts: TelemetrySenderParts;
  readonly #series = new Map<string, Series>();
  readonly #refusals = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: TelemetrySenderParts) {
    this.#parts = parts;
  }

  /** Sends telemetry whose events are committed. What a service can't say must not stop it. */
  send(telemetry: Telemetry): void {
    try {
      this.#send(telemetry);
    } catch (error) {
      const { log, service } = this.#parts;
      log.error({ service }, `Log lines or metrics of the service can't be written: ${sentence(error)}`);
    }
  }

  #send({ lines, dropped, counts, observations }: Telemetry): void {
    for (const { level, message, fields } of lines) this.#write(level, message, fields);
    if (dropped > 0) this.#write('warn', `${dropped} more log lines were dropped.`, {});
    for (const { metric, labels, by } of counts) {
      const series = this.#find(metric, labels);
      if (series) series.count += by;
      this.#sink(metric, by, labels);
    }
    for (const { metric, labels, value } of observations) {
      const series = this.#find(metric, labels);
      if (series && series.values.length < VALUES_MAX) series.values.push(value);
      this.#sink(metric, value, labels);
    }
  }

  /** Sends the remaining metrics, if Redis is connected. */
  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    await this.#flush();
  }

  #write(level: Level, message: string, fields: LogFields): void {
    const shown = Object.entries(fields).map(([name, value]) => [
      RESERVED.has(name) ? `${name}_` : name,
      level === 'debug' ? value : short(value),
    ]);
    this.#parts.log[level](
      { ...(Object.fromEntries(shown) as LogFields), kind: 'service', service: this.#parts.service },
      message.slice(0, MESSAGE_MAX),
    );
  }

  #find(metric: string, labels: MetricLabels): Series | null {
    const text = JSON.stringify(labels);
    const key = `${metric} ${text}`;
    let series = this.#series.get(key);
    if (!series) {
      // Redis also limits the number of series, for all processes together.
      if (this.#series.size >= SERIES_MAX) return null;
      this.#series.set(key, (series = { metric, labels: text, count: 0, values: [] }));
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#flush();
    }, FLUSH_MS).unref();
    return series;
  }

  async #flush(): Promise<void> {
    const { redis, service } = this.#parts;
    if (redis.status !== 'ready') return;
    const all = [...this.#series.values()];
    this.#series.clear();
    const calls = all.flatMap(({ metric, labels, count, values }) => [
      ...(count > 0 ? [this.#call('count', [service, metric, labels, count])] : []),
      ...chunks(values).map((some) => this.#call('observe', [service, metric, labels, ...some])),
    ]);
    await Promise.all(calls);
  }

  /** Logs each refusal by Redis once. */
  async #call(name: 'count' | 'observe', args: (string | number)[]): Promise<void> {
    try {
      await callProtocol(this.#parts.redis, name, args);
    } catch (error) {
      const { message } = error as Error;
      if (!message.startsWith('REFUSED') || this.#refusals.has(message)) return;
      this.#refusals.add(message);
      this.#parts.log.warn({ service: this.#parts.service }, `Redis refused a metric: ${message}.`);
    }
  }

  #sink(metric: string, value: number, labels: MetricLabels): void {
    const { metricSinks = [], service } = this.#parts;
    if (metricSinks.length === 0) return;
    const texts = Object.fromEntries(Object.entries(labels).map(([name, label]) => [name, String(label)]));
    const sample = { service, metric, value, labels: texts, time: new Date().toISOString() };
    const write = async (sink: MetricSink) => sink.write(sample);
    for (const sink of metricSinks) void write(sink).catch(() => {});
  }
}

function chunks(values: number[]): number[][] {
  const found: number[][] = [];
  for (let at = 0; at < values.length; at += VALUES_AT_ONCE)
    found.push(values.slice(at, at + VALUES_AT_ONCE));
  return found;
}

/** A field as it may appear above `debug`: without payload, that is, without objects and long texts. */
function short(value: unknown): unknown {
  if (typeof value === 'string') return value.length > TEXT_MAX ? `${value.slice(0, TEXT_MAX)}…` : value;
  return typeof value === 'object' && value !== null ? '…' : value;
}
