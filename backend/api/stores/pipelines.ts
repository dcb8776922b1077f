import { keys } from '../../../core/wire/keys.ts';
import type { ChannelSpec } from '../../../core/wire/channels.ts';
import { isoTime, type Position } from '../../../core/wire/event.ts';
import type { Incoming, IncomingEvent } from '../../../core/wire/incoming-event.ts';
import { planPipeline } from '../../../core/wire/pipeline.ts';
import { services } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { describeChannel } from '../../../core/channels/description.ts';
import {
  newSpan,
  newTrace,
  parseTraceparent,
  traceOf,
  traceparentText,
  type TraceContext,
} from '../../../core/wire/trace.ts';
import { recordHops } from '../../../core/redis/trace-log.ts';
import type { Hop, Pipeline, PipelineStatus } from '../../../schemas/types.ts';
import type { Arrival, Hub } from '../../gateway/log/hub.ts';
import { JsonText } from '../http/route.ts';
import type { Channels } from './channels.ts';
import type { Ingest, IngestResult } from './ingest.ts';
import type { Setups } from './setups.ts';

export interface PipelinesDependencies {
  redis: Redis;
  channels: Channels;
  hub: Hub;
  ingest: Ingest;
  setups: Setups;
}

export interface SendOptions {
  /** The subject of rows that name none. */
  subject: string;
  /** How long to wait for results; 0: do not wait. */
  waitMs: number;
  signal: AbortSignal;
  /** A name under which these rows are sent once, however often they come. */
  once?: string | undefined;
}

export interface SendResult extends IngestResult {
  /** The trace id of each row; null for a refused row. */
  traces: (string | null)[];
  /** With `waitMs`: the first result of each row; null if there was none in time. */
  results?: (JsonText | null)[];
}

/** Sends events into pipelines, waits for their results, and reports the state of their steps. */
export class Pipelines {
  readonly #dependencies: PipelinesDependencies;

  constructor(dependencies: PipelinesDependencies) {
    this.#dependencies = dependencies;
  }

  /** Sends rows into a pipeline: each becomes an event that carries its route. @throws refusal `name_unknown` */
  async send(name: string, incoming: Incoming, options: SendOptions): Promise<SendResult> {
    const { subject, waitMs, signal, once } = options;
    const { channels, ingest, redis } = this.#dependencies;
    const receivedMs = Date.now();
    const { definition, input, route, to, params } = await this.#plan(name);
    const spec = channels.spec(input);
    const read = ingest.read(spec, incoming, { subject, nowMs: receivedMs });
    const carriers = read.flatMap((event, row): Carrier[] => {
      if (typeof event === 'string') return [];
      const { members } = event;
      const given = parseTraceparent(JSON.parse(members.get('traceparent') ?? 'null') as string | null);
      const context = traceFor(given, definition.trace ?? 1, once && `${once} ${row}`);
      members.set('traceparent', JSON.stringify(traceparentText(context)));
      members.set('pipeline', JSON.stringify(name));
      members.set('route', JSON.stringify(route));
      const merged = mergedParams(params, members.get('params'));
      if (merged !== null) members.set('params', JSON.stringify(merged));
      return [{ event, context, parent: given?.span }];
    });
    const all = carriers.map(({ context }) => context.trace);
    const results = waitMs > 0 ? await this.#collect(channels.spec(to), all) : null;
    try {
      const sent = await ingest.write(spec, incoming, read, once);
      await recordHops(
        redis,
        sentHops(carriers, { pipeline: name, channel: input, receivedMs, ...sent }),
      ).catch(() => {});
      const left = [...all];
      const traces = read.map((event) => (typeof event === 'string' ? null : left.shift()!));
      if (!results) return { ...sent, traces };
      await results.wait(all, waitMs, signal);
      return { ...sent, traces, results: traces.map((trace) => results.found.get(trace ?? '') ?? null) };
    } finally {
      results?.stop();
    }
  }

  /** Rates, lag and errors of each step. @throws refusal `name_unknown` */
  async status(name: string): Promise<PipelineStatus> {
    const { redis, channels } = this.#dependencies;
    const { definition, steps, to } = await this.#plan(name);
    const alive = await services(redis);
    const described = steps.map(async ({ name: step, channel, service, config, state }) => {
      const [{ rate, offset, consumers }, tally] = await Promise.all([
        describeChannel(redis, channels.spec(channel)),
        redis.hgetall(keys.tally(service)),
      ]);
      const consumer = consumers.find((each) => each.name === service);
      const found = alive.find((each) => each.name === service);
      return {
        name: step,
        service,
        channel,
        runs: config ? ('here' as const) : ('elsewhere' as const),
        state: found?.state ?? (state === 'stopped' ? state : ('missing' as const)),
        ...(found?.message !== undefined && { message: found.message }),
        rate: rate ?? 0,
        received: offset,
        lag: consumer?.lag ?? offset,
        failed: Number(tally['failed'] ?? 0),
        retried: Number(tally['retried'] ?? 0),
      };
    });
    const out = await describeChannel(redis, channels.spec(to));
    return {
      name,
      definition,
      steps: await Promise.all(described),
      to,
      results: { rate: out.rate ?? 0, count: out.offset },
    };
  }

  async #plan(name: string) {
    const definition: Pipeline = await this.#dependencies.setups.get('pipelines', name);
    return { definition, ...planPipeline(name, definition) };
  }

  /** Collects the first result of each of these traces, from now on. */
  async #collect(spec: ChannelSpec, traces: string[]) {
    const awaited = new Set(traces);
    const found = new Map<string, JsonText>();
    let changed = () => {};
    const stop = await this.#dependencies.hub.watch(spec.name, {
      arrived(arrival: Arrival) {
        for (const [i, event] of arrival.events.entries()) {
          const trace = parseTraceparent(event.traceparent)?.trace;
          if (trace !== undefined && awaited.has(trace) && !found.has(trace))
            found.set(trace, new JsonText(arrival.lines[i]!));
        }
        changed();
      },
      rewound() {},
    });
    const wait = (wanted: string[], waitMs: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, waitMs);
        changed = () => {
          if (!signal.aborted && wanted.some((trace) => !found.has(trace))) return;
          clearTimeout(limit);
          resolve();
        };
        signal.addEventListener('abort', changed);
        changed();
      });
    return { found, wait, stop };
  }
}

/** The trace of a row that is sent. With `once`, each repetition has the same trace. */
function traceFor(given: TraceContext | null, share: number, once: string | undefined): TraceContext {
  if (once === undefined) return given ? { ...given, span: newSpan() } : newTrace(Math.random() < share);
  const own = traceOf(once);
  if (given) return { ...given, span: own.span };
  return { ...own, isSampled: parseInt(own.trace.slice(0, 8), 16) / 2 ** 32 < share };
}

interface Carrier {
  event: IncomingEvent;
  context: TraceContext;
  /** The caller's span. */
  parent: string | undefined;
}

/** The hops that record that events were sent. */
function sentHops(
  carriers: Carrier[],
  of: { pipeline: string; channel: string; receivedMs: number; position: Position },
): Hop[] {
  const { pipeline, channel, position } = of;
  const [received, finished] = [new Date(of.receivedMs).toISOString(), new Date().toISOString()];
  const first = position.offset - carriers.length + 1;
  return carriers.flatMap(({ event, context, parent }, i): Hop[] => {
    if (!context.isSampled) return [];
    const id = `${channel}/${position.epoch}/${first + i}`;
    return [
      {
        trace: context.trace,
        span: context.span,
        ...(parent !== undefined && { parent }),
        service: 'api',
        pipeline,
        channel,
        event: id,
        received,
        sent: received,
        finished,
        status: 'sent',
        to: [id],
        created: event.time ?? isoTime(event.timeMs),
      },
    ];
  });
}

/** Parameters by step as JSON text: those of the event, whose member is a text in JSON, override those of the pipeline. */
function mergedParams(own: string | null, given: string | undefined): string | null {
  if (given === undefined) return own;
  const parsed = JSON.parse(JSON.parse(given) as string) as object;
  return JSON.stringify({ ...(own === null ? {} : (JSON.parse(own) as object)), ...parsed });
}
