import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import { durationMs } from '../../../core/time/duration.ts';
import { type Context, type Derived, Service } from '../engine/service.ts';
import { EventSelector } from './event-selector.ts';
import { AggregateSet } from './aggregate-set.ts';
import type { WindowParams } from './params.ts';
import { Unevaluated } from './unevaluated.ts';

/** The time of a recent event, epoch ms, and the values that it adds. */
type RecentEvent = [timeMs: number, values: unknown[]];

/**
 * Derives one result for each event, over the window that ends with it: (its time - size, its time]. An event that is late
 * within the lateness allowed counts in the results after it; results that were published before stay as they are.
 */
export class SlidingWindows extends Service<RecentEvent[]> {
  readonly #unevaluated = new Unevaluated();
  readonly #selector: EventSelector;
  readonly #aggregates: AggregateSet;
  readonly #sizeMs: number;
  readonly #latenessMs: number;

  constructor(params: WindowParams) {
    super();
    this.#selector = new EventSelector(params, this.#unevaluated);
    this.#aggregates = new AggregateSet(params.select, this.#unevaluated);
    this.#sizeMs = durationMs(params.window.size, 'window size');
    this.#latenessMs = durationMs(params.lateness, 'lateness');
  }

  override key(event: CloudEvent): string {
    return this.#selector.key(event);
  }

  override receive(event: CloudEvent, context: Context<RecentEvent[]>): Derived[] {
    const accepted = this.#selector.accepts(event);
    const added = accepted ? this.#aggregates.values(event.data).map((value) => value ?? null) : [];
    if (this.#unevaluated.tell(context) || !accepted) return [];
    const { timeMs, watermarkMs } = context;
    if (timeMs < watermarkMs - this.#latenessMs) {
      context.reject(`Late: this channel has reached ${isoTime(watermarkMs)}.`);
      return [];
    }
    const oldestMs = Math.min(timeMs, watermarkMs - this.#latenessMs) - this.#sizeMs;
    const recent = (context.state ?? []).filter(([seenMs]) => seenMs > oldestMs);
    let at = recent.length;
    while (at > 0 && recent[at - 1]![0] > timeMs) at--;
    recent.splice(at, 0, [timeMs, added]);
    context.state = recent;
    const accumulators = this.#aggregates.empty();
    for (const [seenMs, values] of recent) {
      if (seenMs > timeMs) break;
      if (seenMs > timeMs - this.#sizeMs) this.#aggregates.add(accumulators, values, seenMs);
    }
    return [
      {
        subject: context.key,
        data: {
          window_start: isoTime(timeMs - this.#sizeMs),
          window_end: isoTime(timeMs),
          ...this.#aggregates.result(accumulators),
        },
      },
    ];
  }
}
