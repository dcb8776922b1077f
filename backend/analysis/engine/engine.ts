import { sentence } from '../../../core/problems/errors.ts';
import { timeMsOf, type CloudEvent } from '../../../core/wire/event.ts';
import { routeProblem } from '../../../core/wire/pipeline.ts';
import { mayBeSampled } from '../../../core/wire/trace.ts';
import { checkedOutput } from './checked-output.ts';
import { EngineContext } from './context.ts';
import type { Refusal, TimerGuard } from './guard.ts';
import { KeyedState } from './keyed-state.ts';
import type { FailedTimer, Output, RejectedEvent, Results } from './results.ts';
import type { Derived, Service } from './service.ts';
import { TelemetryBuffer } from './telemetry.ts';
import { Watermark, type SourcePartition, type WatermarkState } from './watermark.ts';

/** The checkpoint entry of the engine itself. */
const OWN_ENTRY = '#engine';

interface OwnEntry {
  watermark: WatermarkState;
  replay: string | null;
}

/** How an engine runs its service. */
export interface EngineOptions {
  /** Whether this engine handles a key; the events of other keys only move its watermark. */
  owns?: (key: string) => boolean;
  /**
   * The service with the parameters that an event carries for it; null if it carries none.
   * @throws Error if they are not valid
   */
  variant?: (event: CloudEvent) => Service<unknown> | null;
  /** Log lines of the service below this level are dropped. Default: `silent`, which drops all. */
  logLevel?: string;
  /** Names of the service's outputs. Default: any. */
  outputNames?: ReadonlySet<string>;
  /** Knows the timers that must not be called again. Default: all may be called. */
  guard?: TimerGuard;
}

/**
 * Runs one service over events, with its state and timers by key, and the watermark. It uses neither Redis nor wall time:
 * what it derives is a function of the events alone. Call `take` for each event, then `drain` for the results.
 */
export class Engine {
  readonly #service: Service<unknown>;
  readonly #owns: EngineOptions['owns'] | null;
  readonly #variant: EngineOptions['variant'] | null;
  readonly #outputNames: ReadonlySet<string> | null;
  readonly #guard: TimerGuard | null;
  readonly #watermark = new Watermark();
  readonly #keyed = new KeyedState();
  readonly #telemetry: TelemetryBuffer;
  readonly #context: EngineContext;
  #outputs: Output[] = [];
  #rejected: RejectedEvent[] = [];
  #failed: FailedTimer[] = [];
  #traced: CloudEvent[] = [];
  #replay: string | undefined;
  #eventWatermarkMs = -Infinity;

  constructor(service: Service<unknown>, options: EngineOptions = {}) {
    this.#service = service;
    this.#owns = options.owns ?? null;
    this.#variant = options.variant ?? null;
    this.#outputNames = options.outputNames ?? null;
    this.#guard = options.guard ?? null;
    this.#telemetry = new TelemetryBuffer(options.logLevel ?? 'silent');
    this.#context = new EngineContext(this.#keyed, this.#watermark, this.#telemetry, (reason) =>
      this.#reject(reason, false),
    );
  }

  /** The watermark, epoch ms; -Infinity before the first event. */
  get watermarkMs(): number {
    return this.#watermark.timeMs;
  }

  /** The watermark after the last event, without later calls of `advance`. */
  get eventWatermarkMs(): number {
    return this.#eventWatermarkMs;
  }

  /** Whether the last event came from a live source, not from a replay. */
  get isLive(): boolean {
    return this.#replay === undefined;
  }

  /** Whether `drain` would return more than an unchanged state. */
  get hasResults(): boolean {
    return this.#keyed.hasChanges || this.#outputs.length + this.#rejected.length + this.#failed.length > 0;
  }

  /** Whether a timer waits for its time. */
  get hasTimers(): boolean {
    return this.#keyed.hasTimers;
  }

  /** The partitions that write the input together; empty if it is not partitioned. */
  get sourcePartitions(): SourcePartition[] {
    return this.#watermark.partitions;
  }

  /** Continues from the entries that earlier calls of `drain` returned. */
  load(entries: ReadonlyMap<string, string>): void {
    this.drainOutputs();
    this.begin();
    for (const [entry, text] of entries) {
      if (entry === OWN_ENTRY) {
        const own = JSON.parse(text) as OwnEntry;
        this.#watermark.state = own.watermark;
        this.#eventWatermarkMs = this.#watermark.timeMs;
        this.#replay = own.replay ?? undefined;
      } else this.#keyed.load(entry, text);
    }
  }

  /** Begins a new epoch: everything before is void. */
  begin(): void {
    this.#keyed.clear();
    this.#watermark.state = { timeMs: null, ahead: null };
    this.#replay = undefined;
  }

  /**
   * Handles the next event of the log, after the timers that are due before it.
   * @param refusal why the service must not see the event: then the event is rejected
   */
  take(event: CloudEvent, refusal: Refusal | null = null): void {
    const timeMs = timeMsOf(event.time);
    this.#replay = event.replay;
    this.#watermark.observe(event, timeMs);
    this.#eventWatermarkMs = this.#watermark.timeMs;
    this.#fireTimers();
    if (refusal) return this.#refuse(event, refusal);
    const key = this.#keyOf(event);
    if (key === null || (this.#owns && !this.#owns(key))) return;
    const context = this.#context.enter(key, timeMs, event);
    this.#trace(event);
    try {
      const service = event.pipeline === undefined ? this.#service : this.#serviceInPipeline(event);
      if (service)
        this.#derive(service.receive(event, context), event.subject, timeMs, event.restored === true, event);
    } catch (error) {
      this.#reject(failed(error), true);
      // Changes in place before the failure are kept too, so that a restart makes no difference.
      this.#keyed.touch(key);
    }
    context.event = null;
  }

  /** No event before this time will come any more, epoch ms. */
  advance(timeMs: number): void {
    this.#watermark.advance(timeMs);
    this.#fireTimers();
  }

  /** No event before this time will come any more from one of the partitions that write the input, epoch ms. */
  advancePartition(partition: SourcePartition, timeMs: number): void {
    this.#watermark.advancePartition(partition, timeMs);
    this.#fireTimers();
  }

  /** No event will come any more: calls every timer once. */
  end(): void {
    for (const { key, name, timeMs } of this.#keyed.allTimers()) {
      this.#keyed.clearTimer(key, name);
      this.#callTimer(key, name, timeMs, true);
    }
  }

  /** Returns the results since the last call, without the state. */
  drainOutputs(): Omit<Results, 'entries'> {
    const results = {
      outputs: this.#outputs,
      rejected: this.#rejected,
      failed: this.#failed,
      traced: this.#traced,
      telemetry: this.#telemetry.take(),
    };
    this.#keyed.clearChanges();
    this.#outputs = [];
    this.#rejected = [];
    this.#failed = [];
    this.#traced = [];
    return results;
  }

  /** Returns the results since the last call. */
  drain(): Results {
    const entries = this.#keyed.changedEntries();
    const own: OwnEntry = { watermark: this.#watermark.state, replay: this.#replay ?? null };
    entries.set(OWN_ENTRY, JSON.stringify(own));
    return { ...this.drainOutputs(), entries };
  }

  #fireTimers(): void {
    const nowMs = this.#watermark.timeMs;
    for (let timer; (timer = this.#keyed.takeDueTimer(nowMs));)
      this.#callTimer(timer.key, timer.name, timer.timeMs, false);
  }

  #callTimer(key: string, name: string, timeMs: number, ended: boolean): void {
    const refusal = this.#guard?.beginTimer(key, name, timeMs) ?? null;
    const context = this.#context.enter(key, timeMs, null);
    try {
      if (refusal) this.#failed.push({ key, name, timeMs, ...refusal });
      else this.#derive(this.#service.due({ name, timeMs, ended }, context), key, timeMs, false, null);
    } catch (error) {
      this.#failed.push({ key, name, timeMs, reason: failed(error) });
    }
    this.#guard?.endTimer();
  }

  /** The key of an event; null if the service fails at it: then the event is rejected. */
  #keyOf(event: CloudEvent): string | null {
    try {
      const key = this.#service.key(event);
      if (typeof key === 'string') return key;
      throw new TypeError('a key must be a text');
    } catch (error) {
      this.#rejected.push({ event, reason: failed(error), isFailure: true });
      return null;
    }
  }

  /** The service for an event in a pipeline; null if what the event carries is not valid: then it is rejected. */
  #serviceInPipeline(event: CloudEvent): Service<unknown> | null {
    const problem = event.route && routeProblem(event.route);
    try {
      if (!problem) return this.#variant?.(event) ?? this.#service;
    } catch (error) {
      this.#reject(`params: ${sentence(error)}`, false);
      return null;
    }
    this.#reject(problem, false);
    return null;
  }

  /** Takes over all that was derived from an event or a timer. @throws what is wrong with it; then it takes nothing */
  #derive(
    derived: Derived[],
    subject: string,
    timeMs: number,
    restored: boolean,
    cause: CloudEvent | null,
  ): void {
    const before = this.#outputs.length;
    try {
      for (const one of derived) {
        const to = this.#service.forward(one);
        if (to === null) continue;
        const output: Output = {
          to,
          subject: one.subject ?? subject,
          timeMs: one.timeMs ?? timeMs,
          data: one.data ?? null,
          text: null,
          replay: this.#replay,
          restored,
          cause,
        };
        this.#outputs.push(checkedOutput(output, this.#outputNames));
      }
    } catch (error) {
      this.#outputs.length = before;
      throw error;
    }
  }

  #trace(event: CloudEvent): void {
    if (event.traceparent !== undefined && mayBeSampled(event.traceparent)) this.#traced.push(event);
  }

  #refuse(event: CloudEvent, refusal: Refusal): void {
    this.#trace(event);
    this.#rejected.push({ event, isFailure: false, ...refusal });
  }

  #reject(reason: string, isFailure: boolean): void {
    const { event } = this.#context;
    if (event) this.#rejected.push({ event, reason, isFailure });
  }
}

const failed = (error: unknown) => `The service failed: ${sentence(error)}`;
