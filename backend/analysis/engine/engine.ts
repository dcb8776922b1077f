import { sentence } from '../../../core/problems/errors.ts';
import { timeMsOf, type Data, type CloudEvent } from '../../../core/wire/event.ts';
import { routeProblem } from '../../../core/wire/pipeline.ts';
import { mayBeSampled } from '../../../core/wire/trace.ts';
import type { Context, Derived, MetricLabels, Service } from './service.ts';
import { TelemetryBuffer, type Telemetry } from './telemetry.ts';
import { Timers, type KeyTimer } from './timers.ts';
import { Watermark, type SourcePartition, type WatermarkState } from './watermark.ts';

/** Something derived, on its way to an output. */
export interface Output {
  /** The output's name. */
  to: string;
  subject: string;
  timeMs: number;
  /** null: those of the event that it was derived from. */
  data: Data | null;
  /** What is derived from replayed data, or from what is not new, is so too. */
  replay: string | undefined;
  restored: boolean;
  /** The event that it was derived from; null of a timer's. */
  cause: CloudEvent | null;
}

/** An input event that a service does not take. */
export interface RejectedEvent {
  event: CloudEvent;
  reason: string;
  /** The service failed at it: another time it might not. */
  isFailure: boolean;
}

/** A timer that a service failed at. */
export interface FailedTimer extends KeyTimer {
  reason: string;
}

/** What a run of events led to. */
export interface Results {
  outputs: Output[];
  rejected: RejectedEvent[];
  failed: FailedTimer[];
  /** Events that say which trace they are of, where it may be a sampled one. */
  traced: CloudEvent[];
  told: Telemetry;
  /** What has to be kept: entry -> JSON text, '' to forget it. */
  entries: Map<string, string>;
}

/** Entries of keys begin so; the engine's own is `#engine`. */
const KEY_ENTRY = '=';
const OWN_ENTRY = '#engine';

interface KeyEntry {
  s: unknown;
  t?: { [name: string]: number };
}

interface OwnEntry {
  watermark: WatermarkState;
  replay: string | null;
}

export interface EngineOptions {
  /** Whether the keys are this engine's; the events of others only move its watermark. */
  owns?: (key: string) => boolean;
  /** The service with the parameters that an event brings for it; null where it brings none. @throws Error where they are wrong */
  variant?: (event: CloudEvent) => Service<unknown> | null;
  /** Lines of its log below this level are not taken down; `silent`, if absent: none is. */
  logLevel?: string;
}

/**
 * Runs one service over events: keeps its state and timers by key, and the watermark. It knows no Redis and no wall
 * clock; what it derives is a function of the events alone. What `take` led to stands in `drain`.
 */
export class Engine {
  readonly #service: Service<unknown>;
  readonly #owns: EngineOptions['owns'] | null;
  readonly #variant: EngineOptions['variant'] | null;
  readonly #watermark = new Watermark();
  #timers = new Timers();
  #states = new Map<string, unknown>();
  #touched = new Set<string>();
  #outputs: Output[] = [];
  #rejected: RejectedEvent[] = [];
  #failed: FailedTimer[] = [];
  #traced: CloudEvent[] = [];
  readonly #telling: TelemetryBuffer;
  #replay: string | undefined;
  #lastWatermarkMs = -Infinity;
  readonly #at: EngineContext;

  constructor(service: Service<unknown>, options: EngineOptions = {}) {
    this.#service = service;
    this.#owns = options.owns ?? null;
    this.#variant = options.variant ?? null;
    this.#telling = new TelemetryBuffer(options.logLevel ?? 'silent');
    this.#at = new EngineContext(this.#touched, this.#watermark, this.#telling, (reason) =>
      this.#reject(reason, false),
    );
  }

  get watermarkMs(): number {
    return this.#watermark.timeMs;
  }

  /** The watermark as the last event left it. */
  get lastWatermarkMs(): number {
    return this.#lastWatermarkMs;
  }

  /** Whether the last event was no replay's. */
  get isLive(): boolean {
    return this.#replay === undefined;
  }

  /** Whether `drain` has more to say than that nothing happened. */
  get hasResults(): boolean {
    return this.#outputs.length + this.#touched.size + this.#rejected.length + this.#failed.length > 0;
  }

  /** Whether some timer waits for time to pass. */
  get waits(): boolean {
    return this.#timers.waits;
  }

  /** Goes on from what `drain` had said is to be kept. */
  load(entries: ReadonlyMap<string, string>): void {
    this.drainOutputs();
    this.begin();
    for (const [entry, text] of entries) {
      if (entry === OWN_ENTRY) {
        const own = JSON.parse(text) as OwnEntry;
        this.#watermark.state = own.watermark;
        this.#lastWatermarkMs = this.#watermark.timeMs;
        this.#replay = own.replay ?? undefined;
      } else if (entry.startsWith(KEY_ENTRY)) {
        const key = entry.slice(KEY_ENTRY.length);
        const { s, t } = JSON.parse(text) as KeyEntry;
        if (s !== null) this.#states.set(key, s);
        for (const [name, timeMs] of Object.entries(t ?? {})) this.#timers.set(key, name, timeMs);
      }
    }
  }

  /** A new epoch: what came before is void. */
  begin(): void {
    this.#states = new Map();
    this.#timers = new Timers();
    this.#touched.clear();
    this.#watermark.state = { timeMs: null, ahead: null };
    this.#replay = undefined;
  }

  /** The next event of the log. What was due before its time comes first. */
  take(event: CloudEvent): void {
    const timeMs = timeMsOf(event.time);
    this.#replay = event.replay;
    this.#watermark.see(event, timeMs);
    this.#lastWatermarkMs = this.#watermark.timeMs;
    this.#fire(this.#watermark.timeMs);
    const key = this.#service.key(event);
    if (this.#owns && !this.#owns(key)) return;
    const at = this.#at.of(key, timeMs, this.#states.get(key), this.#timers);
    at.event = event;
    if (event.traceparent !== undefined && mayBeSampled(event.traceparent)) this.#traced.push(event);
    try {
      const service = event.pipeline === undefined ? this.#service : this.#inPipeline(event);
      if (service)
        this.#derive(service.receive(event, at), event.subject, timeMs, event.restored === true, event);
    } catch (error) {
      this.#reject(`The service failed: ${sentence(error)}`, true);
      // What it has changed in place by then is kept, too: a restart must not tell.
      this.#touched.add(key);
    }
    at.event = null;
    this.#keep(key);
  }

  /** No event before this time will come any more. */
  advance(timeMs: number): void {
    this.#watermark.advance(timeMs);
    this.#fire(this.#watermark.timeMs);
  }

  /** No event before this time will come any more from one of the processes that write the input together. */
  advancePart(part: SourcePartition, timeMs: number): void {
    this.#watermark.advancePart(part, timeMs);
    this.#fire(this.#watermark.timeMs);
  }

  /** The processes that write the input together, where that is so. */
  get parts(): SourcePartition[] {
    return this.#watermark.parts;
  }

  /** No event will come any more: every timer is told, once. */
  end(): void {
    for (const { key, name, timeMs } of this.#timers.all()) {
      this.#timers.clear(key, name);
      this.#due(key, name, timeMs, true);
    }
  }

  /** What was derived and rejected since the last call, where nobody keeps the rest. */
  drainOutputs(): Omit<Results, 'entries'> {
    const results = {
      outputs: this.#outputs,
      rejected: this.#rejected,
      failed: this.#failed,
      traced: this.#traced,
      told: this.#telling.take(),
    };
    this.#touched.clear();
    this.#outputs = [];
    this.#rejected = [];
    this.#failed = [];
    this.#traced = [];
    return results;
  }

  /** What has happened since the last call. */
  drain(): Results {
    const entries = new Map<string, string>();
    for (const key of this.#touched) {
      const state = this.#states.get(key) ?? null;
      const timers = this.#timers.of(key);
      const entry: KeyEntry = timers ? { s: state, t: timers } : { s: state };
      entries.set(KEY_ENTRY + key, state === null && !timers ? '' : JSON.stringify(entry));
    }
    const own: OwnEntry = { watermark: this.#watermark.state, replay: this.#replay ?? null };
    entries.set(OWN_ENTRY, JSON.stringify(own));
    return { ...this.drainOutputs(), entries };
  }

  #fire(nowMs: number): void {
    for (let timer; (timer = this.#timers.takeDue(nowMs));)
      this.#due(timer.key, timer.name, timer.timeMs, false);
  }

  #due(key: string, name: string, timeMs: number, ended: boolean): void {
    this.#touched.add(key);
    const at = this.#at.of(key, timeMs, this.#states.get(key), this.#timers);
    try {
      this.#derive(this.#service.due({ name, timeMs, ended }, at), key, timeMs, false, null);
    } catch (error) {
      this.#failed.push({ key, name, timeMs, reason: `The service failed: ${sentence(error)}` });
    }
    this.#keep(key);
  }

  #keep(key: string): void {
    const { state, assigned } = this.#at;
    if (!assigned) return;
    if (state === null) this.#states.delete(key);
    else this.#states.set(key, state);
  }

  /** The service for an event that carries its way; null where what it carries is wrong. */
  #inPipeline(event: CloudEvent): Service<unknown> | null {
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

  #derive(
    derived: Derived[],
    subject: string,
    timeMs: number,
    restored: boolean,
    cause: CloudEvent | null,
  ): void {
    for (const one of derived) {
      const to = this.#service.forward(one);
      if (to === null) continue;
      if (!one.data && !cause) throw new Error('a timer has no data to pass on');
      this.#outputs.push({
        to,
        subject: one.subject ?? subject,
        timeMs: one.timeMs ?? timeMs,
        data: one.data ?? null,
        replay: this.#replay,
        restored,
        cause,
      });
    }
  }

  #reject(reason: string, isFailure: boolean): void {
    const { event } = this.#at;
    if (event) this.#rejected.push({ event, reason, isFailure });
  }
}

/** The context of what is being handled; the same object every time. */
class EngineContext implements Context<unknown> {
  key = '';
  timeMs = 0;
  event: CloudEvent | null = null;
  assigned = false;
  readonly reject: (reason: string) => void;
  readonly log: TelemetryBuffer;
  readonly #touched: Set<string>;
  readonly #watermark: Watermark;
  #timers!: Timers;
  #state: unknown = null;

  constructor(
    touched: Set<string>,
    watermark: Watermark,
    telling: TelemetryBuffer,
    reject: (reason: string) => void,
  ) {
    this.#touched = touched;
    this.#watermark = watermark;
    this.reject = reject;
    this.log = telling;
  }

  of(key: string, timeMs: number, state: unknown, timers: Timers): this {
    this.key = key;
    this.timeMs = timeMs;
    this.#state = state ?? null;
    this.#timers = timers;
    this.assigned = false;
    return this;
  }

  get watermarkMs(): number {
    return this.#watermark.timeMs;
  }

  get state(): unknown {
    return this.#state;
  }

  set state(state: unknown) {
    this.#state = state;
    this.assigned = true;
    this.#touched.add(this.key);
  }

  count(metric: string, labels?: MetricLabels, by?: number): void {
    this.log.count(metric, labels, by);
  }

  observe(metric: string, value: number, labels?: MetricLabels): void {
    this.log.observe(metric, value, labels);
  }

  setTimer(name: string, timeMs: number): void {
    this.#timers.set(this.key, name, timeMs);
    this.#touched.add(this.key);
  }

  clearTimer(name: string): void {
    this.#timers.clear(this.key, name);
    this.#touched.add(this.key);
  }
}
