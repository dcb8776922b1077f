import type { CloudEvent } from '../../../core/wire/event.ts';
import type { KeyedState } from './keyed-state.ts';
import type { Context, MetricLabels } from './service.ts';
import type { TelemetryBuffer } from './telemetry.ts';
import type { Watermark } from './watermark.ts';

/** The context of the event or timer that a service handles. The engine uses one object for all of them. */
export class EngineContext implements Context<unknown> {
  key = '';
  timeMs = 0;
  /** The event; null for a timer. */
  event: CloudEvent | null = null;
  readonly reject: (reason: string) => void;
  readonly log: TelemetryBuffer;
  readonly #keyed: KeyedState;
  readonly #watermark: Watermark;
  #state: unknown = null;

  constructor(
    keyed: KeyedState,
    watermark: Watermark,
    telemetry: TelemetryBuffer,
    reject: (reason: string) => void,
  ) {
    this.#keyed = keyed;
    this.#watermark = watermark;
    this.reject = reject;
    this.log = telemetry;
  }

  /** Makes this the context of another event or timer. */
  enter(key: string, timeMs: number, event: CloudEvent | null): this {
    this.key = key;
    this.timeMs = timeMs;
    this.event = event;
    this.#state = this.#keyed.get(key);
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
    this.#keyed.set(this.key, state);
  }

  count(metric: string, labels?: MetricLabels, by?: number): void {
    this.log.count(metric, labels, by);
  }

  observe(metric: string, value: number, labels?: MetricLabels): void {
    this.log.observe(metric, value, labels);
  }

  setTimer(name: string, timeMs: number): void {
    if (!Number.isFinite(timeMs)) throw new RangeError('a timer needs a time, in epoch ms');
    this.#keyed.setTimer(this.key, name, timeMs);
  }

  clearTimer(name: string): void {
    this.#keyed.clearTimer(this.key, name);
  }
}
