import { setTimeout as delay } from 'node:timers/promises';
import type { CloudEvent, Position } from '../../../../core/wire/event.ts';
import { readHead } from '../../../../core/redis/channel-store.ts';
import type { LogBatch } from '../../../../core/redis/log-batch.ts';
import { LogReader } from '../../../../core/redis/log-reader.ts';
import { sentence } from '../../../../core/problems/errors.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Results } from '../../engine/results.ts';
import { readProgress } from '../channel-progress.ts';
import {
  countAhead,
  countStart,
  DEFINITION_ENTRY,
  ENDED_ENTRY,
  STARTS_ENTRY,
  forgetService,
  readCheckpoint,
  setStartPosition,
  type Checkpoint,
} from '../checkpoint.ts';
import { carefulTurns } from './careful-turns.ts';
import type { Committer } from './committer.ts';
import { EpochEnd } from './epoch-end.ts';
import type { EventGuard } from '../event-guard.ts';
import type { Handover } from '../handover.ts';
import { advanceWhileIdle } from '../idle-time.ts';
import type { Outputs } from '../outputs/outputs.ts';
import { parseEvent } from '../parse-event.ts';
import { PartitionWatermarkFollower } from './partition-watermarks.ts';
import type { Peers } from '../peers.ts';
import { IDLE_POLL_MS, type RunnerParts } from '../runner-parts.ts';

/** A slow service commits after this time, so that its outputs flow and other services of the process get their turn. */
const SLICE_MS = 25;
/** After this many runs that ended before their first commit, the next is careful. */
const FRUITLESS_RUNS = 3;
/** For how many events a careful run is careful: more than one batch of the log. */
const CAREFUL_EVENTS = 2_000;
/** How often to look whether other partitions have ended an epoch. */
const PEER_POLL_MS = 20;

/** What a run needs. */
export interface CommittedRunParts extends Pick<
  RunnerParts,
  'redis' | 'input' | 'definition' | 'keepsPlace' | 'partition' | 'log'
> {
  /** Name of the partition that is run; the name of the service if it is not partitioned. */
  name: string;
  engine: Engine;
  outputs: Outputs;
  committer: Committer;
  guard: EventGuard;
  peers: Peers;
  handover: Handover;
  isClosed: () => boolean;
  /** Input events had left the log before they were read. */
  onLost: (lost: number) => void;
}

/**
 * One run of a service, from its checkpoint until it is closed or has to start over: it reads the log of the input, and
 * commits outputs, state and position of each batch in one step. If it is killed at any moment, the next run continues as
 * if nothing had happened.
 */
export class CommittedRun {
  readonly #parts: CommittedRunParts;
  readonly #partitionWatermarks: PartitionWatermarkFollower;
  #reader: LogReader | null = null;
  #epochEnd: EpochEnd;
  /** How far the engine has read; null before the checkpoint is loaded. Outputs may still be on their way. */
  #position: Position | null = null;
  /** Whether the next commit is the first of its epoch. */
  #isFirst = false;
  /** Whether the next commit is the first of this run. */
  #isFresh = true;
  /**
   * How many of the next events are to be noted in the checkpoint before they are derived, and committed alone. If several runs
   * have died before their first commit, it is known in this way which event they die of, whatever the cause.
   */
  #careful = 0;
  /** When the last batch came: steady time, and wall time, epoch ms. */
  #arrivedAt = performance.now();
  #receivedMs = Date.now();
  /** Lines since the last commit that are not valid events. */
  readonly #invalidLines: string[] = [];

  constructor(parts: CommittedRunParts) {
    this.#parts = parts;
    this.#partitionWatermarks = new PartitionWatermarkFollower(parts.redis, parts.input);
    this.#epochEnd = new EpochEnd(parts.peers, parts.outputs, 0);
  }

  /** How far it has read; null before the checkpoint is loaded. */
  get position(): Position | null {
    return this.#position;
  }

  /** Ends `follow`. */
  close(): void {
    this.#reader?.close();
  }

  /** Returns when it is closed, or finds Redis in another state than believed. */
  async follow(): Promise<void> {
    const { redis, input, handover, engine, committer, isClosed } = this.#parts;
    const start = await this.#load();
    this.#position = start;
    let isRewound = false;
    const reader = new LogReader(redis, {
      idleMs: IDLE_POLL_MS,
      ahead: true,
      rewound: () => (isRewound = true),
    });
    this.#reader = reader;
    reader.add(input, start);
    const leave = handover.add(input, reader);
    try {
      for await (const batches of reader.batches()) {
        if (isRewound) return;
        for (const batch of batches) if (!(await this.#handle(batch))) return;
        await this.#partitionWatermarks.advance(engine, this.#position);
        if (batches.length === 0 && !(await this.#idle())) return;
        if (isClosed()) break;
      }
      await committer.arrived();
    } finally {
      leave();
    }
  }

  /** Loads the checkpoint. Returns the position that the run continues from. */
  async #load(): Promise<Position> {
    const { redis, name, input, engine, committer, guard, peers, outputs, log } = this.#parts;
    const checkpoint = await this.#checkpoint();
    this.#isFirst = checkpoint.commit === '';
    if (this.#isFirst) await peers.forgetOtherPartitionings();
    this.#epochEnd = new EpochEnd(peers, outputs, Number(checkpoint.entries.get(ENDED_ENTRY) ?? 0));
    engine.load(checkpoint.entries);
    // A new service begins with the current epoch, as far back as its log goes.
    const position = checkpoint.positions.get(input) ?? {
      epoch: (await readHead(redis, input)).epoch,
      offset: 0,
    };
    const runs = await countStart(redis, name);
    if (runs > FRUITLESS_RUNS) {
      this.#careful = CAREFUL_EVENTS;
      log.warn(
        { service: name, runs },
        'works on one event at a time, because the runs before ended without a commit',
      );
    }
    const suspected = guard.load(checkpoint.suspicions, position);
    if (suspected.length > 0)
      log.warn({ service: name, suspected }, 'continues before events that took too long');
    await committer.start(checkpoint.commit, position);
    return position;
  }

  /** The checkpoint under the current definition; one under another definition is deleted. */
  async #checkpoint(): Promise<Checkpoint> {
    const { redis, name, input, definition, keepsPlace } = this.#parts;
    const checkpoint = await readCheckpoint(redis, name);
    if ((checkpoint.entries.get(DEFINITION_ENTRY) ?? definition) === definition) return checkpoint;
    const position = keepsPlace ? checkpoint.positions.get(input) : undefined;
    await forgetService(redis, name, input);
    if (position) await setStartPosition(redis, name, input, position);
    return readCheckpoint(redis, name);
  }

  /** Derives and commits; the last commit may be under way afterwards. False: Redis is in another state than believed. */
  async #handle(batch: LogBatch): Promise<boolean> {
    if (batch.epoch > this.#position!.epoch) {
      if (!(await this.#leaveEpoch())) return false;
      this.#parts.engine.begin();
      this.#isFirst = true;
    }
    this.#reportLost(batch.lost);
    this.#arrivedAt = performance.now();
    this.#receivedMs = Date.now();
    const { epoch, events } = batch;
    for (let at = 0; at < events.length;) {
      const taken = this.#careful > 0 ? this.#sliceCarefully(batch, at) : this.#slice(batch, at);
      const count = await taken;
      if (count === 0) return false;
      at += count;
    }
    // A new epoch voids the outputs of the one before: readers learn it now, not with the first event.
    if (events.length === 0) return this.#commit({ epoch, offset: 0 });
    return true;
  }

  /** Derives from some events of a batch, and commits. Returns how many; 0: Redis is in another state than believed. */
  async #slice(batch: LogBatch, start: number): Promise<number> {
    if (carefulTurns.areTaken) await carefulTurns.free();
    return this.#derive(batch, start);
  }

  /** The same for one event, which is noted before. */
  #sliceCarefully(batch: LogBatch, start: number): Promise<number> {
    const { redis, name, guard, committer } = this.#parts;
    return carefulTurns.take(async () => {
      const position = { epoch: batch.epoch, offset: batch.from + start };
      guard.suspicions.noteAhead(await countAhead(redis, name, position));
      const count = await this.#derive(batch, start);
      this.#careful--;
      return (await committer.arrived()) ? count : 0;
    });
  }

  async #derive({ epoch, from, events, known }: LogBatch, start: number): Promise<number> {
    const untilMs = performance.now() + SLICE_MS;
    let at = start;
    do {
      this.#take(events[at]!, known?.[at] ?? null, epoch, from + at);
      at++;
    } while (at < events.length && performance.now() < untilMs && !this.#isSuspect(epoch, from + at));
    this.#parts.guard.endEvent();
    return (await this.#commit({ epoch, offset: from + at - 1 }, from + start)) ? at - start : 0;
  }

  #take(line: string, parsed: CloudEvent | null, epoch: number, offset: number): void {
    const refusal = this.#parts.guard.beginEvent(epoch, offset);
    const event = parsed ?? parseEvent(line);
    if (event) this.#parts.engine.take(event, refusal);
    else this.#invalidLines.push(line);
  }

  /** Whether the results of an event must be written alone: then it is known which event it was, should it take too long. */
  #isSuspect(epoch: number, offset: number): boolean {
    const { suspicions } = this.#parts.guard;
    return this.#careful > 0 || (!suspicions.isEmpty && suspicions.isInBatch({ epoch, offset }));
  }

  #reportLost(lost: number): void {
    if (lost <= 0) return;
    const { log, input, name, onLost } = this.#parts;
    onLost(lost);
    log.warn({ service: name, channel: input, lost }, 'events left the log before they were read');
  }

  /** Brings an epoch to its end if it was played to its end; otherwise it is void. */
  async #leaveEpoch(): Promise<boolean> {
    const { redis, input, isClosed } = this.#parts;
    const { epoch, offset } = this.#position!;
    const { endOffset } = await readProgress(redis, input, epoch);
    if (endOffset === null) return true;
    this.#reportLost(endOffset - offset);
    if (endOffset !== offset) return true;
    while (!isClosed()) {
      if (!(await this.#end())) return false;
      // The next epoch of the output would void what other partitions have not derived yet in this one.
      if (this.#epochEnd.isAnnounced(epoch)) return true;
      await delay(PEER_POLL_MS);
    }
    return false;
  }

  /** No events come: lets event time pass, and ends the epoch if it was played to its end. */
  async #idle(): Promise<boolean> {
    const { redis, input, engine, committer } = this.#parts;
    if (!(await committer.arrived())) return false;
    const position = this.#position!;
    const { epoch, offset } = position;
    if (!engine.hasTimers && !engine.hasResults && this.#epochEnd.isAnnounced(epoch)) return true;
    const { head, watermarkMs, endOffset } = await readProgress(redis, input, epoch);
    if (head.epoch !== epoch || head.offset !== offset) return true;
    if (endOffset === offset) return this.#end();
    advanceWhileIdle(engine, watermarkMs, performance.now() - this.#arrivedAt);
    return engine.hasResults ? this.#commit(position) : true;
  }

  /** Commits the end of the current epoch, once, and announces it when all partitions have done so. */
  async #end(): Promise<boolean> {
    const { engine, committer } = this.#parts;
    const position = this.#position!;
    if (!this.#epochEnd.isEnded(position.epoch)) {
      engine.end();
      this.#epochEnd.end(position.epoch);
      if (!(await this.#commit(position))) return false;
    }
    if (!(await committer.arrived())) return false;
    await this.#epochEnd.announce(position.epoch);
    return true;
  }

  /** The results of events; null if they can't be written: then the run starts over and leaves out the event that is to blame. */
  #drain(first: number, { epoch, offset }: Position): Results | null {
    const { engine, guard, log, name } = this.#parts;
    try {
      return engine.drain();
    } catch (error) {
      const reason = `The service failed: ${sentence(error)}`;
      if (!guard.suspicions.blame(epoch, first, offset, reason)) throw error;
      log.warn(
        { service: name, epoch, first, last: offset },
        `what was derived can't be written: ${sentence(error)}`,
      );
      return null;
    }
  }

  /** Commits what has been derived, after the commit under way. False: that one was refused. */
  async #commit(to: Position, first = to.offset): Promise<boolean> {
    const { engine, committer, definition, partition, guard } = this.#parts;
    guard.beginBatch(first, to);
    const results = this.#drain(first, to);
    guard.endBatch();
    if (!results) return false;
    if (this.#isFresh) results.entries.set(STARTS_ENTRY, '');
    this.#isFresh = false;
    const isFirst = this.#isFirst;
    for (const [field, count] of guard.suspicions.changes(to, isFirst)) results.entries.set(field, count);
    if (isFirst) results.entries.set(DEFINITION_ENTRY, definition);
    if (this.#epochEnd.isEnded(to.epoch)) results.entries.set(ENDED_ENTRY, String(to.epoch));
    const isSent = await committer.send(results, to, {
      isFirst,
      first,
      // Results of live events do not wait for room in a log: they would be late themselves.
      waits: !engine.isLive,
      receivedMs: this.#receivedMs,
      // Timers may derive events from before their own time, so the watermark is not known while there are any.
      ...(partition && { watermarkMs: engine.hasTimers ? '' : engine.watermarkMs }),
      invalidLines: this.#invalidLines.splice(0),
    });
    if (isSent) {
      this.#isFirst = false;
      this.#position = to;
    }
    return isSent;
  }
}
