import type { CloudEvent } from '../../../core/wire/event.ts';
import { spanMs } from '../../../core/time/duration.ts';
import { Service, type Context, type Derived, type Timer } from '../engine/service.ts';
import type { Accumulator } from './aggregates.ts';
import { windowAssigner, type WindowAssigner, type WindowSpec } from './window-assigner.ts';
import { EventSelector } from './event-selector.ts';
import { AggregateSet } from './aggregate-set.ts';

/** The parameters of the service `windows`. */
export interface WindowParams {
  where?: string;
  by: string | null;
  window: WindowSpec;
  lateness: string;
  late: 'wait' | 'correct';
  select: { [name: string]: string };
}

/** An open window: from, to before, partials; and how often it was published, where late events correct it. */
type OpenWindow = [startMs: number, endMs: number, partials: Accumulator[], published: number];

const CLOSE = 'close';

/**
 * Aggregates over windows of event time, by subject or any other member. A window closes when the watermark has passed its
 * end by the lateness allowed; what comes later still goes to the dead letters.
 */
export class Windows extends Service<OpenWindow[]> {
  readonly #params: WindowParams;
  readonly #chooser: EventSelector;
  readonly #assign: WindowAssigner;
  readonly #selection: AggregateSet;
  readonly #latenessMs: number;
  readonly #isSession: boolean;

  constructor(params: WindowParams) {
    super();
    this.#params = params;
    this.#chooser = new EventSelector(params);
    this.#assign = windowAssigner(params.window);
    this.#selection = new AggregateSet(params.select);
    this.#latenessMs = spanMs(params.lateness, 'lateness');
    this.#isSession = params.window.kind === 'session';
  }

  override key(event: CloudEvent): string {
    return this.#chooser.key(event);
  }

  override receive(event: CloudEvent, context: Context<OpenWindow[]>): Derived[] {
    if (!this.#chooser.chooses(event)) return [];
    const { timeMs, watermarkMs } = context;
    const open = context.state ?? [];
    const values = this.#selection.values(event.data);
    const derived: Derived[] = [];
    let late = true;
    for (const { startMs, endMs } of this.#assign(timeMs)) {
      const window = this.#isSession
        ? this.#session(open, startMs, endMs)
        : (open.find(([start]) => start === startMs) ?? opened(open, startMs, endMs, this.#selection));
      // Of a session that it lengthens an event is never late.
      if (window[1] + this.#latenessMs <= watermarkMs) {
        open.splice(open.indexOf(window), 1);
        continue;
      }
      late = false;
      this.#selection.add(window[2], values, timeMs);
      if (window[3] > 0) derived.push(this.#result(context.key, window));
    }
    if (late) {
      context.reject(`Late: its window had closed at ${new Date(watermarkMs).toISOString()}.`);
      if (open.length === 0) return [];
    }
    context.state = open;
    this.#setTimer(open, context);
    return derived;
  }

  override due(timer: Timer, context: Context<OpenWindow[]>): Derived[] {
    const derived: Derived[] = [];
    const left: OpenWindow[] = [];
    const inOrder = (context.state ?? []).sort((a, b) => a[1] - b[1] || a[0] - b[0]);
    for (const window of inOrder) {
      const isClosed = timer.ended || window[1] + this.#latenessMs <= timer.timeMs;
      const isPast = isClosed || (this.#params.late === 'correct' && window[1] <= timer.timeMs);
      if (isPast && window[3] === 0) derived.push(this.#result(context.key, window));
      if (!isClosed) left.push(window);
    }
    context.state = left.length > 0 ? left : null;
    this.#setTimer(left, context);
    return derived;
  }

  /** Next when a window is to be published, or forgotten. */
  #setTimer(open: OpenWindow[], context: Context<OpenWindow[]>): void {
    let nextMs = Infinity;
    for (const [, endMs, , published] of open) {
      const early = this.#params.late === 'correct' && published === 0;
      nextMs = Math.min(nextMs, early ? endMs : endMs + this.#latenessMs);
    }
    if (nextMs !== Infinity) context.setTimer(CLOSE, nextMs);
  }

  /** The session that an event is in: it may make one of several. */
  #session(open: OpenWindow[], startMs: number, endMs: number): OpenWindow {
    let session = opened([], startMs, endMs, this.#selection);
    for (const other of open.filter(([start, end]) => start < endMs && startMs < end)) {
      session = [
        Math.min(session[0], other[0]),
        Math.max(session[1], other[1]),
        this.#selection.merge(other[2], session[2]),
        Math.max(session[3], other[3]),
      ];
      open.splice(open.indexOf(other), 1);
    }
    open.push(session);
    return session;
  }

  #result(key: string, window: OpenWindow): Derived {
    const [startMs, endMs, partials] = window;
    const corrections = window[3]++;
    return {
      subject: key,
      timeMs: endMs,
      data: {
        window_start: new Date(startMs).toISOString(),
        window_end: new Date(endMs).toISOString(),
        ...(corrections > 0 && { correction: corrections }),
        ...this.#selection.result(partials),
      },
    };
  }
}

function opened(open: OpenWindow[], startMs: number, endMs: number, selection: AggregateSet): OpenWindow {
  const window: OpenWindow = [startMs, endMs, selection.empty(), 0];
  open.push(window);
  return window;
}
