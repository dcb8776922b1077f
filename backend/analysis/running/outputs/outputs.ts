import type { ChannelSpec } from '../../../../core/wire/channels.ts';
import type { CloudEvent, Position } from '../../../../core/wire/event.ts';
import { extensionsOf, membersText } from '../../../../core/wire/attributes.ts';
import type { ExtraMembers } from '../../../../core/wire/framed-event.ts';
import type { PipelineMembers } from '../../../../core/wire/pipeline.ts';
import {
  isTraceparent,
  mayBeSampled,
  parseTraceparent,
  spanIdOf,
  traceOf,
  traceparentText,
} from '../../../../core/wire/trace.ts';
import type { Redis } from '../../../../core/redis/connection.ts';
import type { Output } from '../../engine/results.ts';
import { MAIN_OUTPUT } from '../../engine/service.ts';
import type { OutputBatch } from '../checkpoint.ts';
import { EventFraming, type RoutedOutput } from './event-framing.ts';
import { OutputPositions } from './output-positions.ts';
import type { Partition } from '../partition.ts';
import type { Peers } from '../peers.ts';
import { Router } from './router.ts';

/** What outputs need. */
export interface OutputsParts {
  redis: Redis;
  service: string;
  /** Channels by name of the output. The main one belongs to the service; it may share the others. */
  specs: ReadonlyMap<string, ChannelSpec>;
  /** The other partitions of the service, which write the main output too. */
  peers: Peers | null;
  /** The partition that this process runs. */
  partition: Partition | null;
  /** The channel that a route leads to. */
  specOf: (channel: string) => ChannelSpec;
  /** What events carry that enter a pipeline here; null if none do. */
  enters: PipelineMembers | null;
  /** Whether a service of this process reads a channel. Default: never. */
  isRead?: (channel: string) => boolean;
}

const NO_MEMBERS: ExtraMembers = {};

/** The channels that one service writes: it turns what is derived into batches of events that come next there. */
export class Outputs {
  readonly #parts: OutputsParts;
  readonly #positions: OutputPositions;
  readonly #framing: EventFraming;
  readonly #router = new Router();
  /** By channel, including those that routes have led to. */
  readonly #specs = new Map<string, ChannelSpec>();

  constructor(parts: OutputsParts) {
    this.#parts = parts;
    this.#positions = new OutputPositions(parts.redis, parts.specs, parts.peers);
    this.#framing = new EventFraming(parts.service, parts.partition);
    for (const spec of parts.specs.values()) this.#specs.set(spec.name, spec);
  }

  /** Reads where the outputs stand. */
  load(): Promise<void> {
    return this.#positions.load();
  }

  /** Redis has told that the head of a channel is elsewhere. */
  correct(channel: string, head: Position): Promise<void> {
    return this.#positions.correct(channel, head);
  }

  /** These batches are in Redis. */
  settle(batches: OutputBatch[]): void {
    this.#positions.settle(batches);
  }

  /** Tells readers of the main output that its current epoch has ended. */
  markEnded(): Promise<void> {
    return this.#positions.markEnded();
  }

  /** The channel of the main output, and its epoch after these batches. */
  mainEpoch(batches: OutputBatch[]): { channel: string; epoch: number } {
    return this.#positions.mainEpoch(batches);
  }

  /**
   * What was derived in an epoch of the input, as one batch for each channel.
   * @param isFirst whether this is the first commit of the epoch: it opens a new epoch on the main output, even without events
   */
  batches(derived: Output[], epoch: number, isFirst: boolean): OutputBatch[] {
    const byChannel = new Map<ChannelSpec, RoutedOutput[]>();
    const { main } = this.#positions;
    if (isFirst) byChannel.set(main, []);
    for (const output of derived) this.#route(output, byChannel);
    if (this.#positions.isOvertaken(epoch)) byChannel.delete(main);
    const sent = new Date().toISOString();
    return Array.from(byChannel, ([spec, routed]) => {
      const from = this.#positions.start(spec, epoch, isFirst);
      const parses = this.#parts.isRead?.(spec.name) ?? false;
      const framed = this.#framing.frame(spec.name, routed, from, sent, parses);
      return { spec, head: this.#positions.head(spec.name), from, ...framed };
    });
  }

  /** Adds an output to the channels that it goes to. */
  #route(output: Output, byChannel: Map<ChannelSpec, RoutedOutput[]>): void {
    const carried = this.#carried(output);
    const extensions = extensionsFor(output);
    const extra = extensions ? membersText(extensions) : '';
    if (!carried) {
      const members = extensions ? { extensions } : NO_MEMBERS;
      add(byChannel, this.#specOfOutput(output.to), { output, members, text: extra });
      return;
    }
    const { traceparent } = carried;
    const tracestate = traceparent === undefined ? undefined : output.cause?.tracestate;
    const trace = traceparent === undefined ? '' : `,"traceparent":"${traceparent}"`;
    const state = typeof tracestate === 'string' ? membersText({ tracestate }) : '';
    for (const destination of this.#router.destinations(carried, output.to === MAIN_OUTPUT)) {
      const { channel, text } = destination;
      const spec = channel === null ? this.#specOfOutput(output.to) : this.#specOfChannel(channel);
      add(byChannel, spec, {
        output,
        members: { ...destination.carried, traceparent, tracestate, extensions },
        text: trace + state + text + extra,
      });
    }
  }

  /** What an output carries on from the event that it was derived from; null if nothing. */
  #carried({ cause }: Output): PipelineMembers | null {
    if (!cause) return null;
    const { enters } = this.#parts;
    const traceparent = this.#traceparent(cause);
    if (traceparent === undefined && cause.pipeline === undefined) return null;
    const { pipeline, route, params } = cause.pipeline === undefined && enters ? enters : cause;
    return { pipeline, route, params, traceparent };
  }

  #traceparent({ id, traceparent }: CloudEvent): string | undefined {
    const { enters, service } = this.#parts;
    if (isTraceparent(traceparent)) {
      // A trace that is not sampled has no recorded spans: it is passed on as it came, which W3C level 1 allows.
      if (!mayBeSampled(traceparent!)) return traceparent;
      return traceparentText({ ...parseTraceparent(traceparent)!, span: spanIdOf(service, id) });
    }
    return enters ? traceparentText(traceOf(id)) : undefined;
  }

  #specOfOutput(output: string): ChannelSpec {
    const spec = this.#parts.specs.get(output);
    if (!spec) throw new Error(`Service "${this.#parts.service}" has no output "${output}".`);
    return spec;
  }

  #specOfChannel(channel: string): ChannelSpec {
    let spec = this.#specs.get(channel);
    if (!spec) this.#specs.set(channel, (spec = this.#parts.specOf(channel)));
    return spec;
  }
}

function add(byChannel: Map<ChannelSpec, RoutedOutput[]>, spec: ChannelSpec, one: RoutedOutput): void {
  const routed = byChannel.get(spec);
  if (routed) routed.push(one);
  else byChannel.set(spec, [one]);
}

/** The extensions that an output keeps: those of an event that goes through a pipeline, or whose data are passed on unchanged. */
function extensionsFor({ cause, data }: Output): { [name: string]: unknown } | undefined {
  return cause && (!data || cause.pipeline !== undefined) ? extensionsOf(cause) : undefined;
}
