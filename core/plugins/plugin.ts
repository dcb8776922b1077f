/**
 * What a plugin can add to Reprise. This file is the whole interface.
 *
 * A plugin is an npm package, or a file or folder of the project, whose default export is a `Plugin`. The configuration names
 * it: `"plugins": ["./examples/plugin", "some-npm-package"]`.
 *
 *     export default {
 *       name: 'words',
 *       register(api) {
 *         api.service({
 *           name: 'words',
 *           summary: 'Counts the words of each post.',
 *           input: 'posts',
 *           output: 'posts.words',
 *           params: { type: 'object', properties: {}, additionalProperties: false },
 *           create: () => ({ process: ({ text }) => ({ words: String(text).split(/\s+/).length }) }),
 *         });
 *       },
 *     };
 *
 * examples/plugin is a complete one.
 */
import type { EndpointConfig, Task } from '../../schemas/types.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import type { ownRefusal } from '../problems/errors.ts';
import type { Data, CloudEvent, Position } from '../wire/event.ts';
import type { Incoming } from '../wire/incoming-event.ts';
import type { Flaw } from '../problems/flaws.ts';
import type { Redis } from '../redis/connection.ts';

/** The default export of a plugin. */
export interface Plugin {
  /** Shown in messages about the plugin. */
  name: string;
  /**
   * Adds everything that the plugin has. Every process calls it once, before it serves, and takes what it needs: the API
   * takes actions, the replayer formats, the analysis services. If it throws or takes longer than 10 s, nothing of the
   * plugin is added, the log and `GET /api/v1/system` say why, and Reprise continues without it.
   */
  register(api: PluginApi): void | Promise<void>;
}

/**
 * What `register` can call, any number of times. Names have at most 64 letters, digits, dots, dashes and underscores. A name
 * that already exists among its kind is left out, and reported.
 */
export interface PluginApi {
  /** Adds a kind of analysis service, which `use` in the configuration names. */
  service(service: PluginService): void;
  /** Adds an action, which `action` of an endpoint in the configuration names. */
  action<Members extends object>(action: Action<Members>): void;
  /** Adds a file format for recordings. */
  format(format: PluginFormat): void;
  /** Adds a kind of task, for `POST /api/v1/tasks`. */
  task(task: PluginTask): void;
  /**
   * Adds a JSON Schema (2020-12).
   * @param name a path as in the folder schemas/: `channels/words` is the schema of data on the channel `words`
   */
  schema(name: string, schema: object): void;
  /** Adds a place where log lines go, too. */
  logSink(sink: LogSink): void;
  /** Adds a place where metrics of services go, too. */
  metricSink(sink: MetricSink): void;
  /**
   * Makes an error that the caller can correct:
   *
   *     throw api.refusal('word_unknown', 404, 'There is no word "x".', { hint: 'GET /words lists all of them.' });
   *
   * The code is one of the plugin or one of `/docs/problems`, which keeps its status. The status is from 400 to 599.
   */
  refusal: typeof ownRefusal;
  /** The names of keys in Redis. They begin with the namespace of this Reprise, so take them from here. */
  keys: {
    /** Stream: the log of a channel; field `e` of an entry is the event. */
    log(channel: string): string;
    /** Hash: subject -> latest event of a channel. */
    state(channel: string): string;
  };
}

/** A JSON Schema (2020-12) of an object with exactly these members. */
export interface ObjectSchema {
  type: 'object';
  properties: { [name: string]: object };
  required?: string[];
  additionalProperties: false;
}

// ---- Services ---------------------------------------------------------------------------------------------------------

/** A kind of analysis service: it derives events from events. docs/services.md explains the terms. */
export interface PluginService {
  name: string;
  /** What it derives, in one sentence. */
  summary: string;
  /** The channel that it reads by default. */
  input: string;
  /** The channel that it writes by default. */
  output: string;
  /** More outputs: name -> channel. `to` of a derived event is such a name. */
  outputs?: { [name: string]: string };
  /**
   * The state does not depend on the parameters, so changed parameters apply from then on. Other services start the current
   * epoch again.
   */
  keepsState?: true;
  params: ObjectSchema;
  /**
   * Makes a service from parameters that match the schema, with the defaults filled in.
   * @throws Error that says what is wrong, for parameters that the schema can't exclude
   */
  create(params: { [name: string]: unknown }): PluginDerivation;
}

/**
 * What a service does. Give `process` if the data alone are enough, or `receive` if you need the event, state or timers. The
 * results must depend only on the events of the epoch and their times: use no clock, no random numbers and no network.
 */
export interface PluginDerivation {
  /** Derives data from the data of one event; null derives nothing. */
  process?(data: Data): Data | null;
  /** Derives any number of events from one event. */
  receive?(event: CloudEvent, context: PluginContext): PluginDerived[];
  /**
   * Derives events when a timer is due. `timeMs`: the event time that it was set for, epoch ms. `ended`: the replay is over,
   * so the timer may be called before its time.
   */
  due?(timer: { name: string; timeMs: number; ended: boolean }, context: PluginContext): PluginDerived[];
  /** The key of state and timers. Default: the subject of the event. */
  key?(event: CloudEvent): string;
  /** A channel that a derived event goes to instead of the output; null: the output. */
  forward?(derived: PluginDerived): string | null;
}

/** A derived event. What it leaves out is taken from the event or timer at hand. */
export interface PluginDerived {
  /** Default: the data of the event. A timer has none. */
  data?: Data;
  /** Default: the subject of the event; for a timer, its key. */
  subject?: string;
  /** Event time, epoch ms. */
  timeMs?: number;
  /** Name of one of `outputs`. Default: the main output. */
  to?: string;
}

/** What a service can see and do beside the event itself. */
export interface PluginContext {
  /** Event time of the event or timer, epoch ms. */
  readonly timeMs: number;
  readonly key: string;
  /** No event before this event time is expected any more, epoch ms. */
  readonly watermarkMs: number;
  /** The state of the key; null at first. It must be storable as JSON. Assign it to keep it, or null to drop it. */
  state: unknown;
  /** Calls `due` when the watermark reaches an event time. It replaces a timer of the same name and key. */
  setTimer(name: string, timeMs: number): void;
  clearTimer(name: string): void;
  /** Sends the event to the dead letters. */
  reject(reason: string): void;
  /** The log of the service. Write no data above `debug`. */
  readonly log: {
    [level in 'debug' | 'info' | 'warn' | 'error' | 'critical']: (
      message: string,
      fields?: { [name: string]: unknown },
    ) => void;
  };
  /** Increases a counter of /metrics by `by` (default: 1). Use few labels, with few values each. */
  count(metric: string, labels?: { [name: string]: string | number | boolean }, by?: number): void;
  /** Adds a value to a distribution of /metrics, in a base unit such as seconds. */
  observe(metric: string, value: number, labels?: { [name: string]: string | number | boolean }): void;
}

// ---- Actions of endpoints ---------------------------------------------------------------------------------------------

/**
 * What an endpoint of the configuration does. docs/endpoints.md explains endpoints.
 * @typeParam Members the members that such an endpoint has besides those of every endpoint
 * @typeParam Parts what `handle` works with; plugins leave it out
 */
export interface Action<Members extends object = object, Parts = ActionParts> {
  name: string;
  /** What it answers, in one sentence. */
  summary: string;
  /** The schema of `Members`. */
  members: ObjectSchema;
  /** The scope that the API key of a caller needs, unless the endpoint says otherwise. */
  scope: 'read' | 'control';
  /** JSON Schemas of query parameters that every such endpoint takes, besides its own ones. */
  query?: { [name: string]: object };
  /** JSON Schema of the body, for endpoints that give none themselves. Without it there is no body. */
  body?: object;
  /** Errors in an endpoint that the schema can't find. Pointers begin at the endpoint. */
  flaws?(endpoint: EndpointConfig & Members, known: CheckContext): Flaw[];
  /** Answers a request with a JSON value, or a promise of one. @throws api.refusal(...) */
  handle(endpoint: EndpointConfig & Members, call: ActionCall, parts: Parts): unknown;
}

/** What `flaws` of an action can refer to. */
export interface CheckContext {
  /** The kinds of tasks. */
  tasks: string[];
}

/** A request, after it was validated. */
export interface ActionCall {
  /** Parameters of the path. */
  params: { [name: string]: string };
  /** Parameters of the query, converted to the types of their schemas. */
  query: { [name: string]: unknown };
  body: unknown;
  /**
   * The rows of a body that holds events or bare data. Each has its text, with all digits of its numbers.
   * @throws refusal `body_malformed`
   */
  incoming(): Incoming;
  /** For a request with an Idempotency-Key: hexadecimal digits that each repetition has, and nothing else. */
  once: string | undefined;
  /** Aborted when the caller hangs up. */
  signal: AbortSignal;
}

/** What an action works with. */
export interface ActionParts {
  redis: Redis;
  channels: {
    /** @throws refusal `channel_unknown` */
    get(name: string): Promise<ChannelSpec>;
  };
  ingest: {
    /**
     * Writes rows onto a channel. A row is either data or a whole CloudEvent; `subject` is that of rows without one. Rows
     * that don't match the schema of the channel are refused.
     */
    take(spec: ChannelSpec, rows: unknown[], subject: string): Promise<IngestResult>;
  };
  tasks: {
    /** Starts a task. @throws refusal `task_kind` or `task_params` */
    submit(kind: string, params: object): Promise<Task>;
    /** @throws refusal `task_unknown` */
    get(id: string): Promise<Task>;
    /** Resolves to the task when it has ended, or as it is after `ms` milliseconds. */
    wait(id: string, ms: number, signal: AbortSignal): Promise<Task>;
  };
}

/** What happened to rows that were written onto a channel. */
export interface IngestResult {
  /** How many rows were written. */
  accepted: number;
  /** The other rows, by their index from 0. */
  refused: { index: number; reason: string }[];
  /** Position of the last event on the channel. */
  position: Position;
}

// ---- File formats -----------------------------------------------------------------------------------------------------

/** A file format. replayer/formats/support/format.ts has what the built-in formats can do besides. */
export interface PluginFormat {
  name: string;
  /** Endings of file names, such as `.words`. */
  endings: string[];
  /** Whether a file that begins with this text has this format. Used if the name of the file does not tell. */
  looksLike(head: string): boolean;
  /**
   * Yields the rows in the order of the file, many at once, because each step costs an await. A row that can't be read is
   * yielded with its problem. Leaving the loop closes the input.
   */
  rows(input: {
    /** The file; null: there is only a stream. */
    path: string | null;
    /** The content, decompressed, in pieces of any size. */
    bytes(): AsyncIterable<Buffer>;
    /** The same as text. Pieces never end inside a character. */
    text(): AsyncIterable<string>;
  }): AsyncIterable<PluginRow[]>;
}

/** One row of a file. */
export interface PluginRow {
  /** The line where it begins, from 1. */
  line: number;
  /** Null: the row can't be read. */
  values: Data | null;
  /** The values as JSON text, if the file has it; else null. */
  json: string | null;
  /** Why the row can't be read. */
  problem?: string;
  /** The row as it is in the file, for its dead letter. Give it together with `problem`. */
  text?: string;
}

// ---- Tasks ------------------------------------------------------------------------------------------------------------

/** A kind of task: work that takes longer than a request, and runs in a worker process. */
export interface PluginTask {
  name: string;
  /** What it does, in one sentence. */
  summary: string;
  params: ObjectSchema;
  /** JSON Schema of the result. */
  result: object;
  /**
   * Runs when the task is requested. Returns a JSON value for `run`, such as the state of a channel at that moment.
   * @throws api.refusal(...) if the task can't be done
   */
  prepare?(params: { [name: string]: unknown }): Promise<unknown>;
  /** Does the task. If its worker dies, another one runs it again from the start, with the same `prepared`. */
  run(
    params: { [name: string]: unknown },
    context: {
      redis: Redis;
      /** What `prepare` returned. */
      prepared: unknown;
      /** Aborted when the task is canceled or its worker stops. */
      signal: AbortSignal;
      /** Reports progress: a number from 0 to 1. */
      progress(share: number): void;
    },
  ): Promise<object>;
}

// ---- Sinks ------------------------------------------------------------------------------------------------------------

/** A place where log lines go, too. Its errors are ignored, so that it never stops a process. */
export interface LogSink {
  name: string;
  write(line: LogLine): void | Promise<void>;
}

/** A log line. Other members are its fields. */
export interface LogLine {
  /** ISO 8601. */
  time: string;
  /** debug, info, warn, error or critical. */
  level: string;
  service: string;
  message: string;
  [member: string]: unknown;
}

/** A place where metrics of services go, too. Its errors are ignored. */
export interface MetricSink {
  name: string;
  write(sample: MetricSample): void | Promise<void>;
}

/** One call of `count` or `observe`. */
export interface MetricSample {
  service: string;
  metric: string;
  value: number;
  labels: { [name: string]: string };
  /** Wall time, ISO 8601. */
  time: string;
}
