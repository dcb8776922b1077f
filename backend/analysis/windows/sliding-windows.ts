import type { CloudEvent } from '../../../core/wire/event.ts';
import { spanMs } from '../../../core/time/duration.ts';
import { type Context, type Derived, Service } from '../engine/service.ts';
import { EventSelector } from './event-selector.ts';
import { AggregateSet } from './aggregate-set.ts';
import type { WindowParams } from './windows.ts';

/** An event of the last while: its time, and what it adds. */
type RecentEvent = [timeMs: number, values: unknown[]];

/**
 * One result for each event, over the window that ends with it: (its time - size, its time]. An event that is late by no more
 * than is allowed counts in what comes after it; results that were published before stay.
 */
export class SlidingWindows extends Service<RecentEvent[]> {
  readonly #chooser: EventSelector;
  readonly #selection: AggregateSet;
  readonly #sizeMs: number;
  readonly #latenessMs: number;

  constructor(params: WindowParams) {
    super();
    this.#chooser = new EventSelector(params);
    this.#selection = new AggregateSet(params.select);
    this.#sizeMs = spanMs(params.window.size, 'window size');
    this.#latenessMs = spanMs(params.lateness, 'lateness');
  }

  override key(event: CloudEvent): string {
    return this.#chooser.key(event);
  }

  override receive(event: CloudEvent, context: Context<RecentEvent[]>): Derived[] {
    if (!this.#chooser.chooses(event)) return [];
    const { timeMs, watermarkMs } = context;
    if (timeMs < watermarkMs - this.#latenessMs) {
      context.reject(`Late: it is ${new Date(watermarkMs).toISOString()} on this channel.`);
      return [];
    }
    const oldestMs = Math.min(timeMs, watermarkMs - this.#latenessMs) - this.#sizeMs;
    const seen = (context.state ?? []).filter(([seenMs]) => seenMs > oldestMs);
    let at = seen.length;
    while (at > 0 && seen[at - 1]![0] > timeMs) at--;
    seen.splice(at, 0, [timeMs, this.#selection.values(event.data).map((value) => value ?? null)]);
    context.state = seen;
    const partials = this.#selection.empty();
    for (const [seenMs, values] of seen) {
      if (seenMs > timeMs) break;
      if (seenMs > timeMs - this.#sizeMs) this.#selection.add(partials, values, seenMs);
    }
    return [
      {
        subject: context.key,
        data: {
          window_start: new Date(timeMs - this.#sizeMs).toISOString(),
          window_end: new Date(timeMs).toISOString(),
          ...this.#selection.result(partials),
        },
      },
    ];
  }
}
