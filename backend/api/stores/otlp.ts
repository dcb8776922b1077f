import { setTimeout as delay } from 'node:timers/promises';
import { SpanKind, SpanStatusCode, TraceFlags, type Attributes, type HrTime } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { Settings } from '../../../core/settings/settings.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Logger } from '../../../core/logging/log.ts';
import { duplicate, type Redis } from '../../../core/redis/connection.ts';
import { version } from '../../../core/runtime/version.ts';
import type { Hop } from '../../../schemas/types.ts';

type Span = Parameters<OTLPTraceExporter['export']>[0][number];
type Entry = [id: string, fields: string[] | null];

const GROUP = 'otlp';
const BATCH_MAX = 512;
/** Hops that arrive within this time are sent together. */
const GATHER_MS = 200;
const BLOCK_MS = 1_000;
const RETRY_MS = 500;
const RETRY_MAX_MS = 30_000;
/** Hops that a process has taken but not sent for this long are sent by another one. */
const CLAIM_MS = 60_000;

/**
 * Sends the hops of traces to a collector as OpenTelemetry spans with the same ids, beginning when the export was first
 * configured. If there are several API processes, each hop is sent by one of them. Hops that the collector does not accept are
 * sent again until they have left the stream of traces, so a span can arrive twice.
 */
export class TraceExport {
  readonly #redis: Redis;
  readonly #instance: string;
  readonly #log: Logger;
  readonly #exporter: OTLPTraceExporter;
  readonly #closed = new AbortController();
  readonly #running: Promise<void>;
  readonly #resources = new Map<string, Span['resource']>();
  #claimedMs = -Infinity;

  constructor(redis: Redis, to: NonNullable<Settings['otlp']>, instance: string, log: Logger) {
    this.#redis = duplicate(redis);
    this.#instance = instance;
    this.#log = log;
    this.#exporter = new OTLPTraceExporter(to);
    this.#running = this.#run();
  }

  /** Stops the export; unsent hops are sent after the next start. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#redis.disconnect();
    await this.#running;
    await this.#exporter.shutdown();
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const entries = await this.#next(failures > 0);
        if (entries.length > 0) await this.#send(entries);
        failures = 0;
        if (entries.length < BATCH_MAX) await delay(GATHER_MS, undefined, { signal });
      } catch (error) {
        if (signal.aborted) return;
        const { message } = error as Error;
        if (/^NOGROUP/.test(message)) await this.#begin().catch(() => {});
        else if (failures === 0)
          this.#log.warn(`Traces can't be exported: ${message}. They are sent again later.`);
        await delay(Math.min(RETRY_MS * 2 ** failures++, RETRY_MAX_MS), undefined, { signal }).catch(
          () => {},
        );
      }
    }
  }

  async #begin(): Promise<void> {
    await this.#redis.xgroup('CREATE', keys.traces, GROUP, '$', 'MKSTREAM');
  }

  /** The next hops to send; after a failure, those that this process has taken already. */
  async #next(again: boolean): Promise<Entry[]> {
    if (Date.now() - this.#claimedMs > CLAIM_MS) {
      const from = [keys.traces, GROUP, this.#instance, CLAIM_MS, '0', 'COUNT', BATCH_MAX] as const;
      const [, claimed] = (await this.#redis.xautoclaim(...from)) as [string, Entry[]];
      if (claimed.length > 0) return claimed;
      this.#claimedMs = Date.now();
    }
    const who = ['GROUP', GROUP, this.#instance, 'COUNT', BATCH_MAX, 'BLOCK', BLOCK_MS] as const;
    const reply = await this.#redis.xreadgroup(...who, 'STREAMS', keys.traces, again ? '0' : '>');
    return reply?.[0]?.[1] ?? [];
  }

  async #send(entries: Entry[]): Promise<void> {
    // Entries that have left the stream meanwhile have no fields.
    const spans = entries.flatMap(([, fields]) =>
      fields ? [this.#span(JSON.parse(fields[3]!) as Hop)] : [],
    );
    if (spans.length > 0)
      await new Promise<void>((resolve, reject) =>
        this.#exporter.export(spans, ({ error }) => (error ? reject(error) : resolve())),
      );
    await this.#redis.xack(keys.traces, GROUP, ...entries.map(([id]) => id));
  }

  #span(hop: Hop): Span {
    const context = (spanId: string) => ({ traceId: hop.trace, spanId, traceFlags: TraceFlags.SAMPLED });
    const isSend = hop.status === 'sent';
    const [startTime, endTime] = [hrTime(hop.received), hrTime(hop.finished)];
    const duration = Math.max(0, Date.parse(hop.finished) - Date.parse(hop.received));
    return {
      name: `${isSend ? 'send' : 'process'} ${hop.channel}`,
      kind: isSend ? SpanKind.PRODUCER : SpanKind.CONSUMER,
      spanContext: () => context(hop.span),
      ...(hop.parent !== undefined && { parentSpanContext: context(hop.parent) }),
      startTime,
      endTime,
      duration: [Math.floor(duration / 1_000), (duration % 1_000) * 1e6],
      ended: true,
      status:
        hop.status === 'failed' || hop.status === 'retried'
          ? { code: SpanStatusCode.ERROR, message: hop.reason ?? '' }
          : { code: SpanStatusCode.UNSET },
      attributes: attributesOf(hop, isSend),
      links: [],
      events: [],
      resource: this.#resource(hop.service),
      instrumentationScope: { name: 'reprise', version },
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }

  /** One resource per service, so that its spans are sent together. */
  #resource(service: string): Span['resource'] {
    let resource = this.#resources.get(service);
    if (!resource) {
      if (this.#resources.size >= 1_000) this.#resources.clear();
      resource = resourceFromAttributes({ 'service.name': service, 'service.namespace': 'reprise' });
      this.#resources.set(service, resource);
    }
    return resource;
  }
}

/** Named as in OpenTelemetry's "Semantic conventions for messaging spans". */
function attributesOf(hop: Hop, isSend: boolean): Attributes {
  return {
    'messaging.system': 'redis',
    'messaging.operation.type': isSend ? 'send' : 'process',
    'messaging.destination.name': hop.channel,
    'messaging.message.id': hop.event,
    'reprise.created': hop.created,
    'reprise.sent': hop.sent,
    'reprise.status': hop.status,
    ...(hop.pipeline !== undefined && { 'reprise.pipeline': hop.pipeline }),
    ...(hop.attempt !== undefined && { 'reprise.attempt': hop.attempt }),
  };
}

function hrTime(iso: string): HrTime {
  const ms = Date.parse(iso);
  return [Math.floor(ms / 1_000), (ms % 1_000) * 1e6];
}
