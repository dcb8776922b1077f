import type { ChannelSpec } from '../../../core/wire/channels.ts';
import { Framer, type CloudEvent, type Position, type TimedRecord } from '../../../core/wire/event.ts';
import { FramedEvent, dataTextOf, type Members } from '../../../core/wire/framed-event.ts';
import type { Carried } from '../../../core/wire/pipeline.ts';
import {
  isTraceparent,
  mayBeSampled,
  parseTraceparent,
  spanOf,
  traceOf,
  traceparentText,
} from '../../../core/wire/trace.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import { markEnded, type OutputBatch } from './checkpoint.ts';
import type { Output } from '../engine/engine.ts';
import type { Peer, Peers } from './peers.ts';
import type { Partition } from './partition.ts';
import { MAIN_OUTPUT } from '../engine/service.ts';
import { Router } from './router.ts';

/** What is derived from what is not new is not new either. */
const RESTORED = ',"restored":true';

export interface OutputsParts {
  redis: Redis;
  service: string;
  /** By the output's name; the main one is the service's own, the others it may share. */
  specs: ReadonlyMap<string, ChannelSpec>;
  /** The other partitions of the service, which write the main one too. */
  fellows: Peers | null;
  /** Which of them this is. */
  partition: Partition | null;
  /** A channel that a route leads to. */
  specOf: (channel: string) => ChannelSpec;
  /** What events are given to carry that carry nothing yet. */
  enters: Carried | null;
  /** Whether somebody in this process reads a channel. */
  isRead?: (channel: string) => boolean;
}

/** Something derived, and what it carries: as members of the event, and as their JSON text with a leading comma. */
interface RoutedOutput {
  output: Output;
  members: Members;
  extra: string;
}

const NOTHING: Members = {};

/** The channels that one service writes: where they stand, and what is derived as the events that come next there. */
export class Outputs {
  readonly #parts: OutputsParts;
  readonly #heads = new Map<string, Position>();
  readonly #framers = new Map<string, Framer>();
  readonly #ways = new Router();
  /** By channel: those that routes have led to, too. */
  readonly #specs = new Map<string, ChannelSpec>();
  /** Of every event. */
  readonly #partition: string | undefined;
  #fellows: Peer[] = [];

  constructor(parts: OutputsParts) {
    this.#parts = parts;
    const { partition } = parts;
    this.#partition = partition ? `${partition.index}/${partition.count}` : undefined;
    for (const spec of parts.specs.values()) this.#specs.set(spec.name, spec);
  }

  async load(): Promise<void> {
    const { redis, specs, fellows } = this.#parts;
    for (const { name } of specs.values()) this.#heads.set(name, await readHead(redis, name));
    this.#fellows = (await fellows?.look()) ?? [];
  }

  /** Redis stands elsewhere than believed. */
  async correct(channel: string, head: Position): Promise<void> {
    const isSame = this.#heads.get(channel)?.epoch === head.epoch;
    this.#heads.set(channel, head);
    // Whoever opens an epoch has committed in the input's.
    if (!isSame) this.#fellows = (await this.#parts.fellows?.look()) ?? [];
  }

  /** These are in Redis. */
  settle(batches: OutputBatch[]): void {
    for (const { spec, from, records } of batches)
      this.#heads.set(spec.name, { epoch: from.epoch, offset: from.offset + records.length });
  }

  /**
   * What was derived in an epoch of the input as one batch for each channel. `fresh`: it is the first of its epoch, and
   * opens a new one on the service's own channel, even with nothing to say.
   */
  batches(derived: Output[], epoch: number, fresh: boolean): OutputBatch[] {
    const byChannel = new Map<ChannelSpec, RoutedOutput[]>();
    const main = this.#main;
    if (fresh) byChannel.set(main, []);
    for (const output of derived) {
      const carried = this.#carried(output);
      if (!carried) {
        leave(byChannel, this.#named(output.to), { output, members: NOTHING, extra: '' });
        continue;
      }
      const { traceparent } = carried;
      const trace = traceparent === undefined ? '' : `,"traceparent":"${traceparent}"`;
      for (const way of this.#ways.of(carried, output.to === MAIN_OUTPUT)) {
        const spec = way.channel === null ? this.#named(output.to) : this.#spec(way.channel);
        leave(byChannel, spec, { output, members: { ...way.carried, traceparent }, extra: trace + way.text });
      }
    }
    // Another partition has begun a newer epoch: what is derived in the one before is void.
    if (this.#fellows.some((fellow) => fellow.epoch > epoch)) byChannel.delete(main);
    const sent = new Date().toISOString();
    return Array.from(byChannel, ([spec, leaving]) => {
      // Of a channel that a route leads to for the first time the commit tells.
      const head = this.#heads.get(spec.name) ?? { epoch: 0, offset: 0 };
      const from = spec === main ? this.#from(head, epoch, fresh) : sharedFrom(head, epoch);
      return { spec, head, from, ...this.#framed(spec.name, leaving, from, sent) };
    });
  }

  #framed(channel: string, leaving: RoutedOutput[], from: Position, sent: string) {
    const common = this.#partition === undefined ? '' : `,"partition":"${this.#partition}"`;
    const isRead = this.#parts.isRead?.(channel) ?? false;
    const [records, events, known, causes]: [TimedRecord[], string[], CloudEvent[], (CloudEvent | null)[]] = [
      [],
      [],
      [],
      [],
    ];
    let framer = this.#framer(channel, undefined);
    for (const { output, members, extra } of leaving) {
      const { subject, timeMs, restored, replay, cause } = output;
      const record = {
        subject,
        timeMs,
        data: output.data ? JSON.stringify(output.data) : dataTextOf(cause!),
        extra: (restored ? RESTORED : '') + common + extra,
      };
      if (framer.stamp.replay !== replay) framer = this.#framer(channel, replay);
      const offset = from.offset + 1 + events.length;
      records.push(record);
      events.push(framer.frame(record, from.epoch, offset, sent));
      causes.push(cause);
      if (isRead) {
        const place = { epoch: from.epoch, offset, sent };
        const all: Members = { ...members, partition: this.#partition };
        if (restored) all.restored = true;
        known.push(new FramedEvent(framer.stamp, record, place, all));
      }
    }
    return { records, events, causes, known: isRead ? known : null };
  }

  /** Tells that nothing more will come in the epoch of the main output that was written last. */
  async markOver(): Promise<void> {
    await markEnded(this.#parts.redis, this.#main.name, this.#heads.get(this.#main.name)!.epoch);
  }

  /** What the main output is called, and its epoch once these have been written. */
  standing(batches: OutputBatch[]): { channel: string; epoch: number } {
    const { name } = this.#main;
    const batch = batches.find(({ spec }) => spec.name === name);
    return { channel: name, epoch: batch?.from.epoch ?? this.#heads.get(name)!.epoch };
  }

  /** What an output carries on from the event that led to it; null: nothing. */
  #carried({ cause }: Output): Carried | null {
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
      // Of a trace that is not sampled no span is on record: it is handed on as it came, which W3C's level 1 leaves open.
      if (!mayBeSampled(traceparent!)) return traceparent;
      return traceparentText({ ...parseTraceparent(traceparent)!, span: spanOf(service, id) });
    }
    return enters ? traceparentText(traceOf(id)) : undefined;
  }

  #named(output: string): ChannelSpec {
    const spec = this.#parts.specs.get(output);
    if (!spec) throw new Error(`Service "${this.#parts.service}" has no output "${output}".`);
    return spec;
  }

  #spec(channel: string): ChannelSpec {
    let spec = this.#specs.get(channel);
    if (!spec) this.#specs.set(channel, (spec = this.#parts.specOf(channel)));
    return spec;
  }

  get #main(): ChannelSpec {
    return this.#parts.specs.get(MAIN_OUTPUT)!;
  }

  /** Where the next events of the main output go: its epoch rises with that of the input. */
  #from(head: Position, epoch: number, fresh: boolean): Position {
    // The first partition to come to an epoch opens it for all.
    const isOpen = !fresh || this.#fellows.some((fellow) => fellow.epoch === epoch);
    // A service that begins anew voids what it derived before.
    if (!isOpen) return { epoch: Math.max(head.epoch + 1, epoch), offset: 0 };
    return head.epoch === 0 ? { epoch: 1, offset: 0 } : head;
  }

  /** What is derived from replayed data is marked as replayed too. */
  #framer(channel: string, replay: string | undefined): Framer {
    const key = `${channel} ${replay ?? ''}`;
    let framer = this.#framers.get(key);
    if (!framer) {
      framer = new Framer({ channel, source: `/services/${this.#parts.service}`, replay });
      this.#framers.set(key, framer);
    }
    return framer;
  }
}

/** The same for a channel that other services write, too. */
function sharedFrom(head: Position, epoch: number): Position {
  return head.epoch < Math.max(1, epoch) ? { epoch: Math.max(1, epoch), offset: 0 } : head;
}

function leave(byChannel: Map<ChannelSpec, RoutedOutput[]>, spec: ChannelSpec, one: RoutedOutput): void {
  const leaving = byChannel.get(spec);
  if (leaving) leaving.push(one);
  else byChannel.set(spec, [one]);
}
