import type { Data, CloudEvent } from '../../../core/wire/event.ts';

/** What a service derives. Subject and time are those of the event or timer at hand unless it says otherwise. */
export interface Derived {
  /** Those of the event at hand, as they came, unless it says otherwise. */
  data?: Data;
  subject?: string;
  timeMs?: number;
  /** Which of the service's outputs it goes to, by its name; the first unless it says otherwise. */
  to?: string;
}

/** A point in event time that a service asked to be told of. */
export interface Timer {
  name: string;
  /** The event time it was set for, epoch ms. */
  timeMs: number;
  /** The replay is over, and no event will come any more: it may be told before its time. */
  ended: boolean;
}

/** What a service sees beside the event. */
export interface Context<State> {
  /** Event time of the event or timer, epoch ms. */
  readonly timeMs: number;
  /** What state is kept by: the event's subject, or what the service's `key` says. */
  readonly key: string;
  /**
   * State of the key in this epoch; null at first. It has to survive JSON. Assign it to keep it, also after it was changed
   * in place; null forgets it.
   */
  state: State | null;
  /** No event before this time is expected any more, epoch ms. What comes all the same is late. */
  readonly watermarkMs: number;
  /** Has `due` called once the watermark has reached a time, before the event that takes it there. Replaces one of the same name. */
  setTimer(name: string, timeMs: number): void;
  clearTimer(name: string): void;
  /** Sends the event at hand to the dead letters. */
  reject(reason: string): void;
  /**
   * The log: written once what was derived is committed, so nothing twice; what is below its level costs nothing. Above
   * `debug`, fields that are objects or long texts are left out: they are payload.
   */
  readonly log: ServiceLog;
  /** Counts something, for /metrics: by 1 unless `by`, 0 or more, says otherwise. */
  count(metric: string, labels?: MetricLabels, by?: number): void;
  /** A value of a distribution, for /metrics: seconds, metres, a share. */
  observe(metric: string, value: number, labels?: MetricLabels): void;
}

/** The log of a service. */
export type ServiceLog = {
  [level in 'debug' | 'info' | 'warn' | 'error' | 'critical']: (message: string, fields?: LogFields) => void;
};

/** What a line of the log says beside its message, by name. */
export interface LogFields {
  [name: string]: unknown;
}

/** What distinguishes series of a metric: few names, and few values of each. */
export interface MetricLabels {
  [name: string]: string | number | boolean;
}

/**
 * A service derives events from events. It owns no connection and no clock: what it derives depends only on the events
 * of the epoch so far and on their times, so it is the same at any rate, and a list of events is all a test needs.
 *
 * Override `process` where the datum alone is enough, `receive` where the whole event, state or timers are, and
 * `forward` to send what is derived elsewhere.
 */
export abstract class Service<State = null> {
  /** Derives data from data; null derives nothing. */
  process(_data: Data): Data | null {
    throw new Error(`${this.constructor.name} overrides neither process nor receive`);
  }

  /** Derives events from an event. Events come in the order of the log; a new epoch begins with no state. */
  receive(event: CloudEvent, _context: Context<State>): Derived[] {
    const data = this.process(event.data);
    return data === null ? [] : [{ data }];
  }

  /** Derives events from a timer that is due. */
  due(_timer: Timer, _context: Context<State>): Derived[] {
    return [];
  }

  /** What state and timers are kept by. */
  key(event: CloudEvent): string {
    return event.subject;
  }

  /** The name of the output that something derived goes to; null: to none. */
  forward(derived: Derived): string | null {
    return derived.to ?? MAIN_OUTPUT;
  }
}

/** The name of a service's first output. */
export const MAIN_OUTPUT = 'output';

/** A file under services/: its default export. */
export interface ServiceKind {
  name: string;
  /** What it derives, in a sentence. */
  summary: string;
  /** Channels it reads and writes unless the configuration says otherwise. */
  input: string;
  output: string;
  /** Further outputs: name -> channel. They may be shared with other services. */
  outputs?: { [name: string]: string };
  /** What it keeps does not depend on its parameters: changed ones hold from then on. Others begin the epoch anew. */
  keepsState?: true;
  /** JSON Schema of its parameters, with defaults. */
  params: {
    type: 'object';
    properties: { [name: string]: object };
    required?: string[];
    additionalProperties: false;
  };
  /** @throws Error saying what is wrong with parameters that their schema allows */
  create(params: { [name: string]: unknown }): Service<unknown>;
}
