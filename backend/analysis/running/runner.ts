import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelSpec } from '../../../core/wire/channels.ts';
import { isPassing, sentence } from '../../../core/problems/errors.ts';
import { comparePositions, type CloudEvent, type Position } from '../../../core/wire/event.ts';
import type { Logger } from '../../../core/logging/log.ts';
import type { MetricSink } from '../../../core/plugins/plugin.ts';
import { LogReader, type LogBatch } from '../../../core/redis/log-reader.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Carried } from '../../../core/wire/pipeline.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import {
  DEFINITION_ENTRY,
  forgetService,
  ENDED_ENTRY,
  setStartPosition,
  readCheckpoint,
  readProgress,
} from './checkpoint.ts';
import { Committer } from './committer.ts';
import { Engine, type EngineOptions } from '../engine/engine.ts';
import { Peers } from './peers.ts';
import { Handover } from './handover.ts';
import { ServiceLease } from './service-lease.ts';
import type { RetryPolicy } from './dead-letters.ts';
import { readPartitionWatermarks, type PartitionWatermarks } from './partition-watermarks.ts';
import { parseEvent } from './parse-event.ts';
import { Outputs } from './outputs.ts';
import { ownsKey, partitionName, type Partition } from './partition.ts';
import type { Service } from '../engine/service.ts';
import { TelemetrySender } from './telemetry-sender.ts';

export const SIGN_MS = 500;
export const STANDBY_LOOK_MS = 250;
/** A slow service commits what it has after this, so that its outputs flow and the services beside it get their turn. */
const SLICE_MS = 25;
export const IDLE_LOOK_MS = 250;
/** After something that passes went wrong in Redis. */
export const RETRY_MS = 1_000;
const FELLOWS_LOOK_MS = 20;
/** On a live channel that is silent for so long, event time goes on with the wall clock. */
export const LIVE_IDLE_MS = 10_000;

export interface RunnerParts {
  redis: Redis;
  name: string;
  service: Service<unknown>;
  input: string;
  /** By name; see `MAIN_OUTPUT`. */
  outputs: ReadonlyMap<string, ChannelSpec>;
  partition: Partition | null;
  /** What was kept under another definition is forgotten, and the epoch under way begun anew. */
  definition: string;
  /** Under another definition it goes on where it is: what it had derived is on its way. */
  keepsPlace: boolean;
  /** The service with other parameters, for events that bring some. */
  variant: NonNullable<EngineOptions['variant']>;
  /** A channel that a route leads to. */
  specOf: (channel: string) => ChannelSpec;
  /** What events are given to carry that carry nothing yet. */
  enters: Carried | null;
  retryPolicy: RetryPolicy | null;
  /** To and from the other services of this process. */
  handover?: Handover;
  log: Logger;
  /** Where what it counts and observes also goes. */
  metricSinks?: MetricSink[];
}

/**
 * Runs one service: reads its input's log from where it had committed, and commits outputs, state and position in one
 * step per batch. Killed at any instant, it goes on as if nothing had been. Of several processes that run the same
 * service one does, and the others stand by; should two of them do, one finds its commits refused and starts over.
 */
export class ServiceRunner {
  /** Of the service, and of the partition of it that is run. */
  readonly name: string;
  readonly #parts: RunnerParts;
  readonly #handover: Handover;
  readonly #holder: ServiceLease;
  readonly #fellows: Peers;
  readonly #engine: Engine;
  readonly #outputs: Outputs;
  readonly #committer: Committer;
  readonly #voice: TelemetrySender;
  #reader: LogReader | null = null;
  #closed = false;
  /** How far the engine is; what it derived is on its way. */
  #position: Position | null = null;
  /** The next commit is the first of its epoch. */
  #fresh = false;
  /** The last epoch of the input whose end is committed, and the last whose end those who read the output know of. */
  #overEpoch = 0;
  #toldEpoch = 0;
  /** How far the processes are that write the input together, and when to look again. */
  #marks: PartitionWatermarks | null = null;
  #marksDueMs = 0;
  #lost = 0;
  #arrivedAt = performance.now();
  /** The same as wall time, epoch ms. */
  #receivedMs = Date.now();
  /** What was read since the last commit and is no event. */
  readonly #lines: string[] = [];

  constructor(parts: RunnerParts) {
    const {
      partition,
      name: service,
      redis,
      input,
      outputs: specs,
      specOf,
      enters,
      variant,
      retryPolicy,
      handover = new Handover(),
    } = parts;
    this.#parts = parts;
    this.#handover = handover;
    this.name = partitionName(service, partition);
    this.#holder = new ServiceLease(redis, this.name, { isHasty: true });
    this.#fellows = new Peers({ ...parts, service });
    const owns = partition && { owns: (key: string) => ownsKey(partition, key) };
    this.#engine = new Engine(parts.service, { variant, ...owns, logLevel: parts.log.level });
    const outputs = new Outputs({
      ...{ redis, service, specs, specOf, enters, partition },
      isRead: (channel) => handover.isRead(channel),
      fellows: partition && this.#fellows,
    });
    this.#outputs = outputs;
    this.#voice = new TelemetrySender({ ...parts, service });
    this.#committer = new Committer({
      ...{ redis, service, name: this.name, input, outputs, retryPolicy, handover },
      voice: this.#voice,
    });
  }

  /** Input events that had left the log before they were read. */
  get lost(): number {
    return this.#lost;
  }

  /** How far it is; null while it stands by. */
  get position(): Position | null {
    return this.#position;
  }

  /** Runs until closed. @throws what is wrong with the service, or with Redis and will not pass */
  async run(): Promise<void> {
    const { log } = this.#parts;
    try {
      while (!this.#closed) {
        try {
          if (await this.#mayRun()) await this.#runOnce();
          else await delay(STANDBY_LOOK_MS);
        } catch (error) {
          if (!isPassing(error)) throw error;
          log.warn({ service: this.name }, `starting over from the last commit: ${sentence(error)}`);
          await delay(RETRY_MS);
        }
      }
    } finally {
      await this.#holder.release().catch(() => {});
      await this.#voice.close();
    }
  }

  close(): void {
    this.#closed = true;
    this.#committer.close();
    this.#reader?.close();
  }

  async #mayRun(): Promise<boolean> {
    if (!(await this.#holder.take())) return false;
    if (!(await this.#fellows.isDividedOtherwise())) return true;
    await this.#holder.release();
    return false;
  }

  /** Until it is closed, loses the right to run, or finds that Redis stands elsewhere. */
  async #runOnce(): Promise<void> {
    const { redis, input, log } = this.#parts;
    let leave = () => {};
    const signs = setInterval(() => void this.#sign().catch(() => {}), SIGN_MS);
    try {
      await this.#load();
      let rewound = false;
      const reader = new LogReader(redis, {
        idleMs: IDLE_LOOK_MS,
        ahead: true,
        rewound: () => (rewound = true),
      });
      this.#reader = reader;
      reader.add(input, this.#position!);
      leave = this.#handover.add(input, reader);
      await this.#follow(reader, () => rewound);
      if (!this.#closed) log.warn({ service: this.name }, 'starting over from the last commit');
    } finally {
      clearInterval(signs);
      leave();
      this.#reader?.close();
      this.#committer.stop();
      this.#position = null;
    }
  }

  async #sign(): Promise<void> {
    if (await this.#holder.take()) await this.#committer.stayAttached();
    else this.#reader?.close();
  }

  async #load(): Promise<void> {
    const { redis, input, definition, keepsPlace } = this.#parts;
    let checkpoint = await readCheckpoint(redis, this.name);
    if ((checkpoint.entries.get(DEFINITION_ENTRY) ?? definition) !== definition) {
      const place = keepsPlace ? checkpoint.positions.get(input) : undefined;
      await forgetService(redis, this.name, input);
      if (place) await setStartPosition(redis, this.name, input, place);
      checkpoint = await readCheckpoint(redis, this.name);
    }
    this.#fresh = checkpoint.commit === '';
    if (this.#fresh) await this.#fellows.takeOver();
    this.#overEpoch = Number(checkpoint.entries.get(ENDED_ENTRY) ?? 0);
    this.#toldEpoch = 0;
    this.#engine.load(checkpoint.entries);
    this.#lines.length = 0;
    // A new service begins with the epoch under way: all of it, as far as the log goes back.
    this.#position = checkpoint.positions.get(input) ?? {
      epoch: (await readHead(redis, input)).epoch,
      offset: 0,
    };
    await this.#committer.start(checkpoint.commit, this.#position);
  }

  /** Returns when closed, or when Redis turns out not to stand where this process believes. */
  async #follow(reader: LogReader, rewound: () => boolean): Promise<void> {
    for await (const batches of reader.batches()) {
      if (rewound()) return;
      for (const batch of batches) if (!(await this.#handle(batch))) return;
      await this.#hearParts();
      if (batches.length === 0 && !(await this.#idle())) return;
      if (this.#closed) break;
    }
    await this.#committer.arrived();
  }

  /** Derives and commits; what was derived is on its way afterwards. False: Redis stands elsewhere. */
  async #handle(batch: LogBatch): Promise<boolean> {
    if (batch.epoch > this.#position!.epoch) {
      if (!(await this.#leaveEpoch())) return false;
      this.#engine.begin();
      this.#fresh = true;
    }
    this.#lose(batch.lost);
    this.#arrivedAt = performance.now();
    this.#receivedMs = Date.now();
    for (let at = 0; at < batch.events.length;) {
      const untilMs = performance.now() + SLICE_MS;
      do {
        this.#take(batch.events[at]!, batch.known?.[at] ?? null);
        at++;
      } while (at < batch.events.length && performance.now() < untilMs);
      if (!(await this.#commit({ epoch: batch.epoch, offset: batch.from + at - 1 }))) return false;
    }
    // What was derived in the epoch before is void, and who reads the output is not to wait for the first event to know.
    if (batch.events.length === 0) return this.#commit({ epoch: batch.epoch, offset: 0 });
    return true;
  }

  #take(line: string, known: CloudEvent | null): void {
    const event = known ?? parseEvent(line);
    if (event) this.#engine.take(event);
    else this.#lines.push(line);
  }

  #lose(lost: number): void {
    if (lost <= 0) return;
    this.#lost += lost;
    const { log, input } = this.#parts;
    log.warn({ service: this.name, channel: input, lost }, 'events left the log before they were read');
  }

  /** Of the processes that write the input together, one that has nothing to say holds up nobody. */
  async #hearParts(): Promise<void> {
    const { parts } = this.#engine;
    if (parts.length === 0) return;
    if (!this.#marks && performance.now() > this.#marksDueMs) {
      this.#marksDueMs = performance.now() + IDLE_LOOK_MS;
      this.#marks = await readPartitionWatermarks(this.#parts.redis, this.#parts.input, parts);
    }
    if (!this.#marks || comparePositions(this.#position!, this.#marks.head) < 0) return;
    const { head, parts: marked } = this.#marks;
    this.#marks = null;
    if (head.epoch !== this.#position!.epoch) return;
    for (const { part, timeMs } of marked) this.#engine.advancePart(part, timeMs);
  }

  /** An epoch that was played to its end is brought to its end here too; another is void. */
  async #leaveEpoch(): Promise<boolean> {
    const { redis, input } = this.#parts;
    const position = this.#position!;
    const { endOffset } = await readProgress(redis, input, position.epoch);
    if (endOffset === null) return true;
    this.#lose(endOffset - position.offset);
    if (endOffset !== position.offset) return true;
    while (!this.#closed) {
      if (!(await this.#end())) return false;
      // The output's next epoch would void what other partitions have yet to say in this one.
      if (this.#toldEpoch === position.epoch) return true;
      await delay(FELLOWS_LOOK_MS);
    }
    return false;
  }

  /** Nothing comes in: lets time pass where it is known that it does. */
  async #idle(): Promise<boolean> {
    const { redis, input } = this.#parts;
    if (!(await this.#committer.arrived())) return false;
    const position = this.#position!;
    if (!this.#engine.waits && !this.#engine.hasResults && this.#toldEpoch === position.epoch) return true;
    const { head, watermarkMs, endOffset } = await readProgress(redis, input, position.epoch);
    if (head.epoch !== position.epoch || head.offset !== position.offset) return true;
    if (endOffset === position.offset) return this.#end();
    if (watermarkMs !== null) this.#engine.advance(watermarkMs);
    else if (this.#engine.isLive) {
      const silentMs = performance.now() - this.#arrivedAt;
      if (silentMs > LIVE_IDLE_MS) this.#engine.advance(this.#engine.lastWatermarkMs + silentMs);
    }
    return this.#engine.hasResults ? this.#commit(position) : true;
  }

  /** The epoch under way was played to its end: says so, once, and when all partitions have, those who read the output know. */
  async #end(): Promise<boolean> {
    const { epoch } = this.#position!;
    if (this.#overEpoch !== epoch) {
      this.#engine.end();
      this.#overEpoch = epoch;
      if (!(await this.#commit(this.#position!))) return false;
    }
    if (!(await this.#committer.arrived())) return false;
    const fellows = await this.#fellows.look();
    const areOver = fellows.every(
      (fellow) => !fellow.isAttached || fellow.epoch > epoch || fellow.overEpoch >= epoch,
    );
    if (!areOver) return true;
    await this.#outputs.markOver();
    this.#toldEpoch = epoch;
    return true;
  }

  /** Sends what has been derived, once what was sent before has arrived. False: that was refused. */
  async #commit(to: Position): Promise<boolean> {
    const results = this.#engine.drain();
    const fresh = this.#fresh;
    if (fresh) results.entries.set(DEFINITION_ENTRY, this.#parts.definition);
    if (this.#overEpoch === to.epoch) results.entries.set(ENDED_ENTRY, String(to.epoch));
    // What is derived from what happens now can't wait: it would be late itself.
    const isSent = await this.#committer.send(results, to, {
      fresh,
      waits: !this.#engine.isLive,
      receivedMs: this.#receivedMs,
      // What timers lead to may be of a time before theirs.
      ...(this.#parts.partition && { markMs: this.#engine.waits ? '' : this.#engine.watermarkMs }),
      lines: this.#lines.splice(0),
    });
    this.#fresh &&= !isSent;
    if (isSent) this.#position = to;
    return isSent;
  }
}
