import type { CloudEvent, Data } from '../../../core/wire/event.ts';
import type { ParamsSchema } from './params.ts';

/** Something that a service derives from an event or a timer. */
export interface Derived {
  /** Default: the data of the event, byte for byte. A timer has none, so give them there. */
  data?: Data;
  /** Default: the subject of the event; for a timer, its key. */
  subject?: string;
  /** Event time, epoch ms. Default: the time of the event or timer. */
  timeMs?: number;
  /** Name of the service's output that it goes to. Default: the main output. */
  to?: string;
}

/** A time on the event clock at which a service asked to be called. */
export interface Timer {
  name: string;
  /** The event time it was set for, epoch ms. */
  timeMs: number;
  /** The replay has ended and no more events will come: the timer is called now, perhaps before its time. */
  ended: boolean;
}

/** What a service can see and do besides the event itself. */
export interface Context<State> {
  /** Event time of the event or timer, epoch ms. */
  readonly timeMs: number;
  /** The key of state and timers: the subject of the event, unless the service overrides `key`. */
  readonly key: string;
  /**
   * The state of the key in this epoch; null at first. It must be storable as JSON. Assign it to keep it, also after
   * changing it in place; assign null to drop it.
   */
  state: State | null;
  /** The watermark: no event before this time is expected any more, epoch ms. One that still comes is late. */
  readonly watermarkMs: number;
  /** Calls `due` when the watermark reaches a time, before the event that moves it there. Replaces a timer of the same name. */
  setTimer(name: string, timeMs: number): void;
  clearTimer(name: string): void;
  /** Sends the event to the dead letters. */
  reject(reason: string): void;
  /**
   * The log. Lines are written when the derived events are committed, so none appears twice; lines below the log level
   * cost nothing. Above `debug`, fields with objects or long texts are left out, because they are payload.
   */
  readonly log: ServiceLog;
  /** Increases a counter of /metrics by `by` (0 or more; default 1). */
  count(metric: string, labels?: MetricLabels, by?: number): void;
  /** Adds a value to a distribution of /metrics, in a base unit: seconds, metres, a share. */
  observe(metric: string, value: number, labels?: MetricLabels): void;
}

/** The log of a service. */
export type ServiceLog = {
  [level in 'debug' | 'info' | 'warn' | 'error' | 'critical']: (message: string, fields?: LogFields) => void;
};

/** What a log line says besides its message, by name. */
export interface LogFields {
  [name: string]: unknown;
}

/** Labels that tell series of a metric apart. Use few names, and few values for each. */
export interface MetricLabels {
  [name: string]: string | number | boolean;
}

/**
 * A service derives events from events. It has no connection and no clock: what it derives depends only on the events of
 * the epoch so far and on their times. So the result is the same at any rate, and a test needs only a list of events.
 *
 * Override `process` if the data alone are enough, `receive` if you need the whole event, state or timers, and `forward`
 * to send derived events elsewhere.
 */
export abstract class Service<State = null> {
  /** Derives data from the data of one event; null derives nothing. */
  process(_data: Data): Data | null {
    throw new Error(`${this.constructor.name} overrides neither process nor receive`);
  }

  /** Derives events from an event. Events come in the order of the log; a new epoch begins without state. */
  receive(event: CloudEvent, _context: Context<State>): Derived[] {
    const data = this.process(event.data);
    return data === null ? [] : [{ data }];
  }

  /** Derives events when a timer is due. */
  due(_timer: Timer, _context: Context<State>): Derived[] {
    return [];
  }

  /** The key of state and timers for an event. */
  key(event: CloudEvent): string {
    return event.subject;
  }

  /** The name of the output that something derived goes to; null drops it. */
  forward(derived: Derived): string | null {
    return derived.to ?? MAIN_OUTPUT;
  }
}

/** The name of the main output of every service. */
export const MAIN_OUTPUT = 'output';

/** A kind of service: the default export of a file under services/. */
export interface ServiceKind {
  name: string;
  /** What it derives, in one sentence. */
  summary: string;
  /** The channels that it reads and writes by default. */
  input: string;
  output: string;
  /** Further outputs: name -> channel. Several services may write to the same channel. */
  outputs?: { [name: string]: string };
  /**
   * Its state does not depend on its parameters: changed parameters apply from then on. Other services start the current
   * epoch again when their parameters change.
   */
  keepsState?: true;
  /** JSON Schema of its parameters, with defaults; `ParamsOf` is their type. */
  params: ParamsSchema;
  /**
   * Creates a service.
   * @param params parameters that match the schema, with defaults filled in
   * @throws Error saying what is wrong with parameters that the schema allows
   */
  create(params: { [name: string]: unknown }): Service<unknown>;
}
