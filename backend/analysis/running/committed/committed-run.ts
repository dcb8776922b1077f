import { setTimeout as delay } from 'node:timers/promises';
import type { CloudEvent, Position } from '../../../../core/wire/event.ts';
import { readHead } from '../../../../core/redis/channel-store.ts';
import type { LogBatch } from '../../../../core/redis/log-batch.ts';
import { LogReader } from '../../../../core/redis/log-reader.ts';
import type { Engine } from '../../engine/engine.ts';
import { readProgress } from '../channel-progress.ts';
import {
  DEFINITION_ENTRY,
  ENDED_ENTRY,
  forgetService,
  readCheckpoint,
  setStartPosition,
  type Checkpoint,
} from '../checkpoint.ts';
import type { Committer } from './committer.ts';
import { EpochEnd } from './epoch-end.ts';
import type { Handover } from '../handover.ts';
import { advanceWhileIdle } from '../idle-time.ts';
import type { Outputs } from '../outputs/outputs.ts';
import { parseEvent } from '../parse-event.ts';
import { PartitionWatermarkFollower } from './partition-watermarks.ts';
import type { Peers } from '../peers.ts';
import { IDLE_POLL_MS, type RunnerParts } from '../runner-parts.ts';

/** A slow service commits after this time, so that its outputs flow and other services of the process get their turn. */
const SLICE_MS = 25;
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
    const { redis, input, engine, committer, peers, outputs } = this.#parts;
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
    for (let at = 0; at < batch.events.length;) {
      const untilMs = performance.now() + SLICE_MS;
      do {
        this.#take(batch.events[at]!, batch.known?.[at] ?? null);
        at++;
      } while (at < batch.events.length && performance.now() < untilMs);
      if (!(await this.#commit({ epoch: batch.epoch, offset: batch.from + at - 1 }))) return false;
    }
    // A new epoch voids the outputs of the one before: readers learn it now, not with the first event.
    if (batch.events.length === 0) return this.#commit({ epoch: batch.epoch, offset: 0 });
    return true;
  }

  #take(line: string, parsed: CloudEvent | null): void {
    const event = parsed ?? parseEvent(line);
    if (event) this.#parts.engine.take(event);
    else this.#invalidLines.push(line);
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

  /** Commits what has been derived, after the commit under way. False: that one was refused. */
  async #commit(to: Position): Promise<boolean> {
    const { engine, committer, definition, partition } = this.#parts;
    const results = engine.drain();
    const isFirst = this.#isFirst;
    if (isFirst) results.entries.set(DEFINITION_ENTRY, definition);
    if (this.#epochEnd.isEnded(to.epoch)) results.entries.set(ENDED_ENTRY, String(to.epoch));
    const isSent = await committer.send(results, to, {
      isFirst,
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
