import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import { durationMs } from '../../../core/time/duration.ts';
import { Service, type Context, type Derived, type Timer } from '../engine/service.ts';
import type { Accumulator } from './accumulators.ts';
import { windowAssigner, type WindowAssigner } from './window-assigner.ts';
import { EventSelector } from './event-selector.ts';
import { AggregateSet } from './aggregate-set.ts';
import type { WindowParams } from './params.ts';
import { Unevaluated } from './unevaluated.ts';

/** An open window: start and end, epoch ms, the accumulators, and how often it has been published. */
type OpenWindow = [startMs: number, endMs: number, accumulators: Accumulator[], published: number];

const CLOSE = 'close';

/**
 * Aggregates over tumbling, hopping and session windows of event time, by subject or another key. A window closes when the
 * watermark has passed its end by the lateness allowed; events that come later go to the dead letters.
 */
export class Windows extends Service<OpenWindow[]> {
  readonly #params: WindowParams;
  readonly #unevaluated = new Unevaluated();
  readonly #selector: EventSelector;
  readonly #assign: WindowAssigner;
  readonly #aggregates: AggregateSet;
  readonly #latenessMs: number;
  readonly #isSession: boolean;

  constructor(params: WindowParams) {
    super();
    this.#params = params;
    this.#selector = new EventSelector(params, this.#unevaluated);
    this.#assign = windowAssigner(params.window);
    this.#aggregates = new AggregateSet(params.select, this.#unevaluated);
    this.#latenessMs = durationMs(params.lateness, 'lateness');
    this.#isSession = params.window.kind === 'session';
  }

  override key(event: CloudEvent): string {
    return this.#selector.key(event);
  }

  override receive(event: CloudEvent, context: Context<OpenWindow[]>): Derived[] {
    const accepted = this.#selector.accepts(event);
    const values = accepted ? this.#aggregates.values(event.data) : [];
    if (this.#unevaluated.tell(context) || !accepted) return [];
    const { timeMs, watermarkMs } = context;
    const open = context.state ?? [];
    const derived: Derived[] = [];
    let late = true;
    for (const { startMs, endMs } of this.#assign(timeMs)) {
      const window = this.#isSession
        ? this.#session(open, startMs, endMs)
        : (open.find(([start]) => start === startMs) ?? opened(open, startMs, endMs, this.#aggregates));
      // An event that extends a session is never late.
      if (window[1] + this.#latenessMs <= watermarkMs) {
        open.splice(open.indexOf(window), 1);
        continue;
      }
      late = false;
      this.#aggregates.add(window[2], values, timeMs);
      if (window[3] > 0) derived.push(this.#result(context.key, window));
    }
    if (late) {
      context.reject(`Late: its window had closed at ${isoTime(watermarkMs)}.`);
      if (open.length === 0) return [];
    }
    context.state = open;
    this.#setTimer(open, context);
    return derived;
  }

  override due(timer: Timer, context: Context<OpenWindow[]>): Derived[] {
    const derived: Derived[] = [];
    const stillOpen: OpenWindow[] = [];
    const inOrder = (context.state ?? []).sort((a, b) => a[1] - b[1] || a[0] - b[0]);
    for (const window of inOrder) {
      const isClosed = timer.ended || window[1] + this.#latenessMs <= timer.timeMs;
      const isPast = isClosed || (this.#params.late === 'correct' && window[1] <= timer.timeMs);
      if (isPast && window[3] === 0) derived.push(this.#result(context.key, window));
      if (!isClosed) stillOpen.push(window);
    }
    context.state = stillOpen.length > 0 ? stillOpen : null;
    this.#setTimer(stillOpen, context);
    return derived;
  }

  /** Sets the timer to the next time at which a window is published or dropped. */
  #setTimer(open: OpenWindow[], context: Context<OpenWindow[]>): void {
    let nextMs = Infinity;
    for (const [, endMs, , published] of open) {
      const early = this.#params.late === 'correct' && published === 0;
      nextMs = Math.min(nextMs, early ? endMs : endMs + this.#latenessMs);
    }
    if (nextMs !== Infinity) context.setTimer(CLOSE, nextMs);
  }

  /** The session that an event is in; an event between sessions merges them into one. */
  #session(open: OpenWindow[], startMs: number, endMs: number): OpenWindow {
    let session = opened([], startMs, endMs, this.#aggregates);
    for (const other of open.filter(([start, end]) => start < endMs && startMs < end)) {
      session = [
        Math.min(session[0], other[0]),
        Math.max(session[1], other[1]),
        this.#aggregates.merge(other[2], session[2]),
        Math.max(session[3], other[3]),
      ];
      open.splice(open.indexOf(other), 1);
    }
    open.push(session);
    return session;
  }

  #result(key: string, window: OpenWindow): Derived {
    const [startMs, endMs, accumulators] = window;
    const corrections = window[3]++;
    return {
      subject: key,
      timeMs: endMs,
      data: {
        window_start: isoTime(startMs),
        window_end: isoTime(endMs),
        ...(corrections > 0 && { correction: corrections }),
        ...this.#aggregates.result(accumulators),
      },
    };
  }
}

function opened(open: OpenWindow[], startMs: number, endMs: number, aggregates: AggregateSet): OpenWindow {
  const window: OpenWindow = [startMs, endMs, aggregates.empty(), 0];
  open.push(window);
  return window;
}
