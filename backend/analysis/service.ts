import type { Data, Event } from '../../core/event.ts';

/** What a service derives from one event. Subject and time are the input's unless it says otherwise. */
export interface Derived {
  data: Data;
  subject?: string;
  timeMs?: number;
}

/** What a service sees beside the event. */
export interface Context<State> {
  /** Event time, epoch ms. */
  timeMs: number;
  /** State of the event's subject in this epoch, as JSON values; assign to keep something, null to forget. */
  state: State | null;
}

/**
 * A service derives events from events. It owns no connection and no clock: what it derives depends only on the events
 * of the epoch so far, so it is the same at any rate, and a list of events is all a test needs.
 *
 * Override `process` where the datum alone is enough, `receive` where the whole event or state is.
 */
export abstract class Service<State = null> {
  /** Derives data from data; null derives nothing. */
  process(_data: Data): Data | null {
    throw new Error(`${this.constructor.name} overrides neither process nor receive`);
  }

  /** Derives events from an event. Events come in the order of the log; a new epoch begins with no state. */
  receive(event: Event, _context: Context<State>): Derived[] {
    const data = this.process(event.data);
    return data === null ? [] : [{ data }];
  }
}

/** A file under services/: its default export. */
export interface ServiceKind {
  name: string;
  /** What it derives, in a sentence. */
  summary: string;
  /** Channels it reads and writes unless the configuration says otherwise. */
  input: string;
  output: string;
  /** JSON Schema of its parameters, with defaults. */
  params: { type: 'object'; properties: { [name: string]: object }; additionalProperties: false };
  create(params: { [name: string]: unknown }): Service<unknown>;
}

/** Runs a service over events without a Redis: what it would publish, in order. */
export function derive(
  service: Service<unknown>,
  events: Event[],
): { subject: string; timeMs: number; data: Data }[] {
  const states = new Map<string, unknown>();
  let epoch = 0;
  return events.flatMap((event) => {
    if (event.epoch > epoch) states.clear();
    epoch = event.epoch;
    const context = { timeMs: Date.parse(event.time), state: states.get(event.subject) ?? null };
    const derived = service.receive(event, context);
    states.set(event.subject, context.state);
    return derived.map(({ data, subject, timeMs }) => ({
      subject: subject ?? event.subject,
      timeMs: timeMs ?? context.timeMs,
      data,
    }));
  });
}
