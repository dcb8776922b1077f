import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelSpec } from '../../core/channels.ts';
import type { Event, Position } from '../../core/event.ts';
import type { Logger } from '../../core/log.ts';
import { LogReader, type LogBatch } from '../../core/reader.ts';
import type { Redis } from '../../core/redis.ts';
import { deadLetterText, readHead } from '../../core/store.ts';
import {
  commit,
  forgetService,
  hold,
  readCheckpoint,
  readStanding,
  stayAttached,
  type Work,
} from './checkpoint.ts';
import { Engine, type Rejected, type Results } from './engine/engine.ts';
import { Outputs } from './outputs.ts';
import { ownsKey, type Partition } from './partition.ts';
import type { Service } from './service.ts';

/** So long after its last sign of life a replay still waits for a service: time enough for a restart. */
const ATTACHED_MS = 30_000;
export const SIGN_MS = 500;
/** A process that gives no sign for so long has its services taken over. */
export const HOLD_MS = 2_000;
export const STANDBY_LOOK_MS = 250;
/** A slow service commits what it has after this, so that its outputs flow and the services beside it get their turn. */
const SLICE_MS = 25;
const IDLE_LOOK_MS = 250;
const DEFINITION_ENTRY = '#definition';
/** On a live channel that is silent for so long, event time goes on with the wall clock. */
const LIVE_IDLE_MS = 10_000;

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
  log: Logger;
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
  readonly #token = randomUUID();
  readonly #engine: Engine;
  readonly #outputs: Outputs;
  #reader: LogReader | null = null;
  #closed = false;
  #position: Position | null = null;
  /** The last commit, '' before the first; and how many this process has made. */
  #lastCommit = '';
  #commits = 0;
  /** The next commit is the first of its epoch. */
  #fresh = false;
  /** The commit that is under way, with what comes next being derived meanwhile; false: it was refused. */
  #underWay: Promise<boolean> = Promise.resolve(true);
  #lost = 0;
  #arrivedAt = performance.now();

  constructor(parts: RunnerParts) {
    const { partition, name } = parts;
    this.#parts = parts;
    this.name = partition ? `${name}#${partition.index}/${partition.count}` : name;
    this.#engine = new Engine(parts.service, partition ? { owns: (key) => ownsKey(partition, key) } : {});
    this.#outputs = new Outputs({
      redis: parts.redis,
      service: name,
      specs: parts.outputs,
      shared: partition !== null,
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

  /** Runs until closed. */
  async run(): Promise<void> {
    const { redis, input, log } = this.#parts;
    while (!this.#closed) {
      if (!(await hold(redis, this.name, this.#token, HOLD_MS))) {
        await delay(STANDBY_LOOK_MS);
        continue;
      }
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
        await this.#follow(reader, () => rewound);
        if (!this.#closed) log.warn({ service: this.name }, 'starting over from the last commit');
      } finally {
        clearInterval(signs);
        this.#reader?.close();
        this.#position = null;
      }
    }
    await hold(redis, this.name, this.#token, 0).catch(() => {});
  }

  close(): void {
    this.#closed = true;
    this.#reader?.close();
  }

  async #sign(): Promise<void> {
    const { redis, input } = this.#parts;
    if (!(await hold(redis, this.name, this.#token, HOLD_MS))) this.#reader?.close();
    else if (this.#position)
      await stayAttached(redis, this.name, input, this.#position, Date.now() + ATTACHED_MS);
  }

  async #load(): Promise<void> {
    const { redis, input, definition } = this.#parts;
    let checkpoint = await readCheckpoint(redis, this.name);
    if ((checkpoint.entries.get(DEFINITION_ENTRY) ?? definition) !== definition) {
      await forgetService(redis, this.name, input);
      checkpoint = await readCheckpoint(redis, this.name);
    }
    this.#lastCommit = checkpoint.commit;
    this.#fresh = checkpoint.commit === '';
    this.#underWay = Promise.resolve(true);
    this.#engine.load(checkpoint.entries);
    // A new service begins with the epoch under way: all of it, as far as the log goes back.
    this.#position = checkpoint.positions.get(input) ?? {
      epoch: (await readHead(redis, input)).epoch,
      offset: 0,
    };
    await this.#outputs.load();
    await stayAttached(redis, this.name, input, this.#position, Date.now() + ATTACHED_MS);
  }

  /** Returns when closed, or when Redis turns out not to stand where this process believes. */
  async #follow(reader: LogReader, rewound: () => boolean): Promise<void> {
    for await (const batches of reader.batches()) {
      if (rewound()) return;
      for (const batch of batches) if (!(await this.#handle(batch))) return;
      if (batches.length === 0 && !(await this.#idle())) return;
      if (this.#closed) break;
    }
    await this.#underWay;
  }

  /** Derives and commits; what was derived is on its way afterwards. False: Redis stands elsewhere. */
  async #handle(batch: LogBatch): Promise<boolean> {
    const { name, log, input } = this.#parts;
    if (batch.lost > 0) {
      this.#lost += batch.lost;
      log.warn(
        { service: name, channel: input, lost: batch.lost },
        'events left the log before they were read',
      );
    }
    if (batch.epoch > this.#position!.epoch) {
      if (!(await this.#leaveEpoch())) return false;
      this.#engine.begin();
      this.#fresh = true;
    }
    this.#arrivedAt = performance.now();
    for (let at = 0; at < batch.events.length;) {
      const untilMs = performance.now() + SLICE_MS;
      do this.#engine.take(JSON.parse(batch.events[at++]!) as Event);
      while (at < batch.events.length && performance.now() < untilMs);
      if (!(await this.#commit({ epoch: batch.epoch, offset: batch.from + at - 1 }))) return false;
    }
    return true;
  }

  /** An epoch that was played to its end is brought to its end here too; another is void. */
  async #leaveEpoch(): Promise<boolean> {
    const { redis, input } = this.#parts;
    const position = this.#position!;
    if (!this.#engine.waits) return true;
    const { endOffset } = await readStanding(redis, input, position.epoch);
    if (endOffset !== position.offset) return true;
    this.#engine.end();
    return this.#commit(position);
  }

  /** Nothing comes in: lets time pass where it is known that it does. */
  async #idle(): Promise<boolean> {
    const { redis, input } = this.#parts;
    if (!(await this.#underWay)) return false;
    if (!this.#engine.waits) return true;
    const position = this.#position!;
    const { head, watermarkMs, endOffset } = await readStanding(redis, input, position.epoch);
    if (head.epoch !== position.epoch || head.offset !== position.offset) return true;
    if (endOffset === position.offset) this.#engine.end();
    else if (watermarkMs !== null) this.#engine.advance(watermarkMs);
    else if (this.#engine.isLive) {
      const silentMs = performance.now() - this.#arrivedAt;
      if (silentMs > LIVE_IDLE_MS) this.#engine.advance(this.#engine.lastWatermarkMs + silentMs);
    }
    return this.#engine.hasResults ? this.#commit(position) : true;
  }

  /** Sends what has been derived, once what was sent before has arrived. False: that, or this, was refused. */
  async #commit(to: Position): Promise<boolean> {
    const results = this.#engine.drain();
    if (!(await this.#underWay)) return false;
    this.#underWay = this.#write(results, to, this.#fresh);
    this.#fresh = false;
    this.#position = to;
    // Where it fails it fails when it is awaited.
    this.#underWay.catch(() => {});
    return true;
  }

  async #write(results: Results, to: Position, fresh: boolean): Promise<boolean> {
    const { redis, input } = this.#parts;
    if (fresh) results.entries.set(DEFINITION_ENTRY, this.#parts.definition);
    const work: Work = {
      service: this.name,
      attachedUntilMs: Date.now() + ATTACHED_MS,
      forget: fresh,
      last: this.#lastCommit,
      commit: `${this.#token}/${++this.#commits}`,
      inputs: [{ channel: input, to }],
      entries: results.entries,
      letters: results.rejected.map((rejected) => this.#letter(rejected)),
      outputs: [],
    };
    for (;;) {
      work.outputs = this.#outputs.batches(results.outputs, to.epoch, fresh);
      const result = await commit(redis, work);
      if (result.done) {
        this.#outputs.settle(work.outputs);
        this.#lastCommit = work.commit;
        return true;
      }
      if (!('head' in result)) return false;
      this.#outputs.correct(result.channel, result.head);
    }
  }

  #letter({ event, reason }: Rejected): string {
    return deadLetterText({
      channel: this.#parts.input,
      source: `/services/${this.#parts.name}`,
      reason,
      content: JSON.stringify(event),
      ...(event.replay !== undefined && { replay: event.replay }),
    });
  }
}
