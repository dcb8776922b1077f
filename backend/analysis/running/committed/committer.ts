import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Position } from '../../../../core/wire/event.ts';
import { limits } from '../../../../core/wire/limits.ts';
import type { Redis } from '../../../../core/redis/connection.ts';
import { deadLetterText } from '../../../../core/redis/dead-letters.ts';
import type { Results } from '../../engine/results.ts';
import { renewAttachment } from '../channel-progress.ts';
import { commit, type Commit, type CommitReply } from '../checkpoint.ts';
import { deadLettersOf, invalidEventLetter, splitRetries, type RetryPolicy } from '../dead-letters.ts';
import type { EventGuard } from '../event-guard.ts';
import type { Handover } from '../handover.ts';
import type { Outputs } from '../outputs/outputs.ts';
import { WATERMARK_ENTRY, watermarkText } from './partition-watermarks.ts';
import type { TelemetrySender } from '../telemetry-sender.ts';
import { traceHops } from '../outputs/trace-hops.ts';

/** Pause before another try while a log has no room. */
const FULL_RETRY_MS = 20;

/** What a committer needs. */
export interface CommitterParts {
  redis: Redis;
  service: string;
  /** Name of the partition that is run; the name of the service if it is not partitioned. */
  name: string;
  input: string;
  outputs: Outputs;
  handover: Handover;
  /** null: an event at which the service fails is a dead letter at once. */
  retryPolicy: RetryPolicy | null;
  telemetry: TelemetrySender;
  guard: EventGuard;
}

/** How results are committed. */
export interface CommitOptions {
  /** Whether this is the first commit of its epoch: the entries of the epoch before are deleted. */
  isFirst: boolean;
  /** Offset of the first event whose results these are. */
  first: number;
  /** Whether to wait while a log has no room for the results. */
  waits: boolean;
  /** When the input was read: wall time, epoch ms. */
  receivedMs: number;
  /** For a partition: its watermark, epoch ms; '' if it is not known. */
  watermarkMs?: number | '';
  /** Lines of the input that are not valid events. */
  invalidLines: string[];
}

/** Commits what a service derives, one batch after the other. Each commit names the one that it follows. */
export class Committer {
  readonly #parts: CommitterParts;
  readonly #token = randomUUID();
  /** Name of the last commit; '' before the first. */
  #last = '';
  /** Number of commits of this process. */
  #count = 0;
  /** The position that Redis is known to have; null before `start`. */
  #settled: Position | null = null;
  /** The commit under way; the next results are derived meanwhile. False: it was refused. */
  #underWay: Promise<boolean> = Promise.resolve(true);
  #isSending = false;
  #closed = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /** Continues from the last commit and its position. */
  async start(last: string, at: Position): Promise<void> {
    this.#last = last;
    this.#underWay = Promise.resolve(true);
    await this.#parts.outputs.load();
    this.#settled = at;
    await this.renewAttachment();
  }

  /** Commits nothing until the next start. */
  stop(): void {
    this.#settled = null;
  }

  /** Stops waiting for room in a log. */
  close(): void {
    this.#closed = true;
  }

  /** Tells replays that the service is still attached. */
  async renewAttachment(): Promise<void> {
    // A commit under way does the same with a newer position.
    if (!this.#settled || this.#isSending) return;
    const { redis, name, input } = this.#parts;
    await renewAttachment(redis, name, input, this.#settled, Date.now() + limits.ATTACHED_MS);
  }

  /** Waits for the commit under way. False: it was refused, because Redis is in another state than believed. */
  arrived(): Promise<boolean> {
    return this.#underWay;
  }

  /** Commits results after the commit under way. False: that one was refused. */
  async send(results: Results, to: Position, options: CommitOptions): Promise<boolean> {
    if (!(await this.#underWay)) return false;
    this.#underWay = this.#write(results, to, options);
    // A failure surfaces when the promise is awaited.
    this.#underWay.catch(() => {});
    return true;
  }

  async #write(
    results: Results,
    to: Position,
    { isFirst, first, waits, watermarkMs, receivedMs, invalidLines }: CommitOptions,
  ): Promise<boolean> {
    const { name, service, input, outputs, retryPolicy, telemetry, guard } = this.#parts;
    guard.beginBatch(first, to);
    const { retries, dead } = splitRetries(results.rejected, retryPolicy);
    const origin = { channel: input, service };
    const deadLetters = [
      ...deadLettersOf({ failed: results.failed, rejected: dead }, origin),
      ...invalidLines.map((line) => invalidEventLetter(line, origin)),
    ];
    const work: Commit = {
      service: name,
      attachedUntilMs: Date.now() + limits.ATTACHED_MS,
      waits,
      forget: isFirst,
      last: this.#last,
      commit: `${this.#token}/${++this.#count}`,
      inputs: [{ channel: input, to }],
      entries: results.entries,
      deadLetters: deadLetters.map(deadLetterText),
      retries,
      hops: [],
      outputs: [],
    };
    for (;;) {
      guard.beginBatch(first, to);
      work.outputs = outputs.batches(results.outputs, to.epoch, isFirst);
      work.hops = traceHops(results, { service, receivedMs, retries, batches: work.outputs });
      if (watermarkMs !== undefined)
        results.entries.set(WATERMARK_ENTRY, watermarkText(outputs.mainEpoch(work.outputs), watermarkMs));
      const replying = this.#commit(work);
      guard.endBatch();
      const reply = await replying;
      if (reply.done) {
        outputs.settle(work.outputs);
        this.#last = work.commit;
        this.#settled = to;
        telemetry.send(results.telemetry);
        return true;
      }
      if ('head' in reply) await outputs.correct(reply.channel, reply.head);
      else if ('consumer' in reply && !this.#closed) await delay(FULL_RETRY_MS);
      else return false;
    }
  }

  async #commit(work: Commit): Promise<CommitReply> {
    const { redis, handover } = this.#parts;
    const settle = handover.expect(work.outputs);
    this.#isSending = true;
    let isDone = false;
    try {
      const reply = await commit(redis, work);
      isDone = reply.done;
      return reply;
    } finally {
      this.#isSending = false;
      settle(isDone);
    }
  }
}
