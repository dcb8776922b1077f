import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '../../../core/wire/event.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { deadLetterText } from '../../../core/redis/channel-store.ts';
import { limits } from '../../../core/wire/limits.ts';
import { commit, renewAttachment, type CommitReply, type Commit } from './checkpoint.ts';
import type { Results } from '../engine/engine.ts';
import type { Handover } from './handover.ts';
import { traceHops } from './trace-hops.ts';
import { deadLettersOf, invalidEventLetter, splitRetries, type RetryPolicy } from './dead-letters.ts';
import { WATERMARK_ENTRY, watermarkText } from './partition-watermarks.ts';
import type { Outputs } from './outputs.ts';
import type { TelemetrySender } from './telemetry-sender.ts';

const FULL_RETRY_MS = 20;

export interface CommitterParts {
  redis: Redis;
  service: string;
  /** Of the service, and of the partition of it that is run. */
  name: string;
  input: string;
  outputs: Outputs;
  handover: Handover;
  /** null: what fails once is a dead letter. */
  retryPolicy: RetryPolicy | null;
  voice: TelemetrySender;
}

/** How something is committed. */
export interface CommitOptions {
  /** The first of its epoch: what was kept of the one before goes. */
  fresh: boolean;
  /** Waits where a log has no room for it. */
  waits: boolean;
  /** When what led to it was read: wall time, epoch ms. */
  receivedMs: number;
  /** Of a partition: nothing before this event time will be derived any more, epoch ms; '' where that is not known. */
  markMs?: number | '';
  /** What was read and is no event. */
  lines: string[];
}

/** Commits what a service derives, one batch after the other, each following the last that this process knows of. */
export class Committer {
  readonly #parts: CommitterParts;
  readonly #token = randomUUID();
  /** The last commit, '' before the first; and how many this process has made. */
  #last = '';
  #count = 0;
  /** How far Redis is known to be; null before `start`. */
  #settled: Position | null = null;
  /** The commit that is under way, with what comes next being derived meanwhile; false: it was refused. */
  #underWay: Promise<boolean> = Promise.resolve(true);
  #isSending = false;
  #closed = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /** Goes on from a commit that stands at a position. */
  async start(last: string, at: Position): Promise<void> {
    this.#last = last;
    this.#underWay = Promise.resolve(true);
    await this.#parts.outputs.load();
    this.#settled = at;
    await this.stayAttached();
  }

  /** Commits nothing until the next start. */
  stop(): void {
    this.#settled = null;
  }

  /** Waits no longer for room in a log. */
  close(): void {
    this.#closed = true;
  }

  /** Tells replays to wait for the service although nothing comes in. */
  async stayAttached(): Promise<void> {
    // A commit says so itself, and what it says is newer.
    if (!this.#settled || this.#isSending) return;
    const { redis, name, input } = this.#parts;
    await renewAttachment(redis, name, input, this.#settled, Date.now() + limits.ATTACHED_MS);
  }

  /** Whether what was sent is in Redis. False: it was refused, because Redis stands elsewhere. */
  arrived(): Promise<boolean> {
    return this.#underWay;
  }

  /** Sends results, once what was sent before has arrived. False: that was refused. */
  async send(results: Results, to: Position, manner: CommitOptions): Promise<boolean> {
    if (!(await this.#underWay)) return false;
    this.#underWay = this.#write(results, to, manner);
    // Where it fails it fails when it is awaited.
    this.#underWay.catch(() => {});
    return true;
  }

  async #write(
    results: Results,
    to: Position,
    { fresh, waits, markMs, receivedMs, lines }: CommitOptions,
  ): Promise<boolean> {
    const { name, service, input, outputs, retryPolicy } = this.#parts;
    const { retries, dead } = splitRetries(results.rejected, retryPolicy);
    const of = { channel: input, service };
    const letters = deadLettersOf({ ...results, rejected: dead }, of).concat(
      lines.map((line) => invalidEventLetter(line, of)),
    );
    const work: Commit = {
      service: name,
      attachedUntilMs: Date.now() + limits.ATTACHED_MS,
      waits,
      forget: fresh,
      last: this.#last,
      commit: `${this.#token}/${++this.#count}`,
      inputs: [{ channel: input, to }],
      entries: results.entries,
      letters: letters.map(deadLetterText),
      retries,
      hops: [],
      outputs: [],
    };
    for (;;) {
      work.outputs = outputs.batches(results.outputs, to.epoch, fresh);
      work.hops = traceHops(results, { service, receivedMs, retries, batches: work.outputs });
      if (markMs !== undefined)
        results.entries.set(WATERMARK_ENTRY, watermarkText(outputs.standing(work.outputs), markMs));
      const result = await this.#commit(work);
      if (result.done) {
        outputs.settle(work.outputs);
        this.#last = work.commit;
        this.#settled = to;
        this.#parts.voice.tell(results.told);
        return true;
      }
      if ('head' in result) await outputs.correct(result.channel, result.head);
      else if ('consumer' in result && !this.#closed) await delay(FULL_RETRY_MS);
      else return false;
    }
  }

  async #commit(work: Commit): Promise<CommitReply> {
    const { redis, handover } = this.#parts;
    const settle = handover.expect(work.outputs);
    this.#isSending = true;
    let isDone = false;
    try {
      const result = await commit(redis, work);
      isDone = result.done;
      return result;
    } finally {
      this.#isSending = false;
      settle(isDone);
    }
  }
}
