import type { Block } from '../../core/wire/block.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { Output } from './output.ts';
import { handleLate, skipIdle, type PlaybackOptions } from './pacing.ts';
import { Progress, type ResumePoint } from './resume-point.ts';
import { untilOver } from '../reading/order/until-over.ts';
import { Sender } from './sender.ts';
import type { ActiveStep } from './step.ts';
import type { RecordBatch, Timeline } from './timeline.ts';

/** What a pass tells its player, and asks it. */
export interface PassListener {
  published(block: Block): void;
  restored(count: number): void;
  dropped(count: number): void;
  /** The timeline was moved by this much because something could not keep up. */
  slipped(ms: number): void;
  /** The step that is under way, if any. */
  step(): ActiveStep | null;
}

/**
 * One run along the timeline within one epoch: first the latest state of each subject before it, then each record at its
 * due time, in order, once.
 */
export class Pass {
  readonly #timeline: Timeline;
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #options: PlaybackOptions;
  readonly #listener: PassListener;
  readonly #sender: Sender;
  readonly #progress: Progress;
  /** The times of the last record sent, and of the next one while the pass waits for it. */
  #sentMs = -Infinity;
  #nextMs: number | null = null;
  #markedMs = -Infinity;
  #isOver = false;

  constructor(parts: {
    timeline: Timeline;
    output: Output;
    clock: Clock;
    options: PlaybackOptions;
    listener: PassListener;
    resume: ResumePoint | null;
  }) {
    const { listener } = parts;
    this.#timeline = parts.timeline;
    this.#output = parts.output;
    this.#clock = parts.clock;
    this.#options = parts.options;
    this.#listener = listener;
    this.#sender = new Sender(parts.output, (block, restored) =>
      restored ? listener.restored(block.count) : listener.published(block),
    );
    this.#progress = new Progress(parts.resume);
  }

  /** Ends at the end of the timeline or range, or when aborted. Everything sent has arrived afterwards. */
  async run(fromMs: number, interrupt: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([interrupt, this.#sender.failed]);
    try {
      await this.#restore(fromMs, signal);
      await this.#play(fromMs, signal);
      // The range may go on after the last record: a loop keeps its length.
      if (this.#options.endMs !== Infinity)
        await this.#clock.until(this.#options.endMs, signal, () => {
          this.#endStep(Infinity);
          return false;
        });
    } finally {
      this.#isOver = true;
      await this.#sender.settle();
    }
    if (!signal.aborted) await this.#output.reached(this.#clock.positionMs(), true);
    this.#endStep(null);
  }

  /** Tells the output how far the pass is, so that services that wait for time to pass need not wait for a next record. */
  async mark(): Promise<void> {
    const timeMs = this.#nextMs === null ? this.#sentMs : Math.min(this.#nextMs, this.#clock.positionMs());
    if (timeMs <= this.#markedMs) return;
    this.#markedMs = timeMs;
    await this.#sender.settle();
    if (!this.#isOver) await this.#output.reached(timeMs, false);
  }

  async #restore(fromMs: number, signal: AbortSignal): Promise<void> {
    if (fromMs <= this.#timeline.startMs) return;
    const { recordsAtOnce } = this.#output;
    for (const { channel, block } of await this.#timeline.latestBefore(fromMs)) {
      const published = this.#progress.pass(channel, block.count);
      for (let at = published; at < block.count && !signal.aborted; at += recordsAtOnce) {
        await this.#sender.send(channel, block.slice(at, Math.min(at + recordsAtOnce, block.count)), true);
      }
    }
  }

  async #play(fromMs: number, signal: AbortSignal): Promise<void> {
    const clock = this.#clock;
    let previousMs = fromMs;
    for await (const batch of this.#batches(fromMs, signal)) {
      const { timesMs } = batch;
      for (let at = 0; at < timesMs.length;) {
        const timeMs = timesMs[at]!;
        if (timeMs > this.#options.endMs) return;
        if (this.#progress.isBehind) {
          at = await this.#passPublished(batch, at);
          clock.jump((previousMs = timesMs[at - 1]!));
          continue;
        }
        const positionMs = this.#progress.takePositionMs(previousMs, timeMs);
        if (positionMs !== null) clock.jump(positionMs);
        skipIdle(clock, this.#options.skipIdleMs, previousMs, timeMs);
        this.#nextMs = timeMs;
        await clock.until(timeMs, signal, () => this.#mayPass(timeMs));
        this.#nextMs = null;
        if (signal.aborted) return;
        const { dropped, slippedMs } = handleLate(clock, this.#options.late, timesMs, at);
        if (slippedMs > 0) this.#listener.slipped(slippedMs);
        if (dropped > 0) {
          this.#listener.dropped(dropped);
          at += dropped;
          continue;
        }
        const end = this.#dueEnd(timesMs, at);
        for (const { channel, block } of batch.byChannel(at, end))
          await this.#sender.send(channel, block, false);
        this.#sentMs = previousMs = timesMs[end - 1]!;
        this.#sent(previousMs, end - at);
        if (this.#options.lockstep) {
          await this.#sender.settle();
          await this.#output.acknowledged(signal);
        }
        at = end;
      }
    }
  }

  /** Tells each batch when everything sent of it has arrived. */
  async *#batches(fromMs: number, signal: AbortSignal): AsyncGenerator<RecordBatch> {
    const { waits, quiet } = this.#timeline;
    const end = { signal, clock: this.#clock, endMs: this.#options.endMs, quiet };
    const batches = this.#timeline.from(fromMs);
    for await (const batch of waits ? untilOver(batches, end) : batches) {
      try {
        yield batch;
      } finally {
        this.#sender.whenArrived(() => batch.done?.());
      }
    }
  }

  #passPublished(batch: RecordBatch, at: number): Promise<number> {
    const end = Math.min(at + this.#output.recordsAtOnce, batch.timesMs.length);
    return this.#progress.passRun(batch, at, end, (channel, block) =>
      this.#sender.send(channel, block, false),
    );
  }

  /** The end of the run of records that are due now, from `at` on; at least one. */
  #dueEnd(timesMs: Float64Array, at: number): number {
    const { endMs } = this.#options;
    const last = Math.min(at + this.#output.recordsAtOnce, timesMs.length);
    const step = this.#clock.paused ? this.#listener.step() : null;
    if (step) return at + Math.max(1, step.count(timesMs, at, last));
    const horizonMs = this.#clock.rate === 'max' ? endMs : Math.min(endMs, this.#clock.positionMs());
    let end = at + 1;
    while (end < last && timesMs[end]! <= horizonMs) end++;
    return end;
  }

  #sent(timeMs: number, count: number): void {
    this.#clock.reached(timeMs);
    const step = this.#listener.step();
    if (!step) return;
    step.passed(count);
    if (this.#clock.paused) this.#clock.jump(timeMs);
  }

  /** Whether a step lets this record pass while the clock is paused; a step that does not is over. */
  #mayPass(timeMs: number): boolean {
    if (this.#listener.step()?.passes(timeMs)) return true;
    this.#endStep(timeMs);
    return false;
  }

  /** Ends a step; the clock is then where the step ends, but before the next record. */
  #endStep(nextMs: number | null): void {
    const step = this.#listener.step();
    if (!step) return;
    const restMs = step.end();
    this.#sender.whenSettled(() => step.finish());
    if (restMs !== null && this.#clock.paused && (nextMs === null || restMs < nextMs))
      this.#clock.jump(restMs);
  }
}
