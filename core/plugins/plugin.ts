import type { EndpointConfig, Task } from '../../schemas/types.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import type { ownRefusal } from '../problems/errors.ts';
import type { Data, CloudEvent, Position } from '../wire/event.ts';
import type { Flaw } from '../problems/flaws.ts';
import type { Redis } from '../redis/connection.ts';

/** A plugin: the default export of a npm package, or of a file, that `plugins` in the configuration names. */
export interface Plugin {
  name: string;
  /**
   * Called once in every process, before it serves. Each takes what concerns it: the API actions, the replayer formats, the
   * analysis host services. What it throws is told under its name; then nothing of it is taken, and all else goes on.
   */
  register(api: PluginApi): void | Promise<void>;
}

/** What a plugin can add. A name that is there already is refused. */
export interface PluginApi {
  /** What endpoints of the configuration can ask for. */
  action<Members extends object>(action: Action<Members>): void;
  /** A file format that recordings are read in. */
  format(format: PluginFormat): void;
  /** A kind of analysis service: what `use` names. */
  service(service: PluginService): void;
  task(task: PluginTask): void;
  /** A JSON Schema under a path as schemas/ has them: `channels/words` is the one of data on the channel `words`. */
  schema(name: string, schema: object): void;
  logSink(sink: LogSink): void;
  metricSink(sink: MetricSink): void;
  /**
   * An error for the caller to mend: `throw api.refusal('no_such_word', 404, 'What happened.', { hint })`. A code of
   * `/docs/problems` has the status that stands there; a code of the plugin's own has the one given here, 400 to 599.
   */
  refusal: typeof ownRefusal;
}

/** A JSON Schema (2020-12) of an object that has these members and no others. */
export interface ObjectSchema {
  type: 'object';
  properties: { [name: string]: object };
  required?: string[];
  additionalProperties: false;
}

/** What an endpoint of the configuration does. `Members`: those that such an endpoint has beside the common ones. */
export interface Action<Members extends object = object, Parts = ActionParts> {
  name: string;
  /** What it answers, in a sentence. */
  summary: string;
  /** Of the members of its own. */
  members: ObjectSchema;
  /** What a caller must be allowed to do, unless the endpoint says otherwise. */
  scope: 'read' | 'control';
  /** JSON Schemas of query parameters that each endpoint of it takes beside its own. */
  query?: { [name: string]: object };
  /** JSON Schema of the body, where the endpoint gives none; without it there is no body. */
  body?: object;
  /** What is wrong with an endpoint that its schema can't tell. Pointers begin at the endpoint. */
  flaws?(endpoint: EndpointConfig & Members, known: CheckContext): Flaw[];
  /** Answers a JSON value. @throws refusal */
  handle(endpoint: EndpointConfig & Members, call: ActionCall, parts: Parts): unknown;
}

/** What there is when endpoints are checked. */
export interface CheckContext {
  /** Kinds of tasks. */
  tasks: string[];
}

/** A request, after its parts were checked. */
export interface ActionCall {
  /** Of the path. */
  params: { [name: string]: string };
  query: { [name: string]: unknown };
  body: unknown;
  /** Aborted when the caller hangs up. */
  signal: AbortSignal;
}

/** What actions work with. */
export interface ActionParts {
  redis: Redis;
  channels: {
    /** @throws refusal `channel_unknown` */
    get(name: string): Promise<ChannelSpec>;
  };
  ingest: {
    /** Writes rows (bare data or CloudEvents) onto a channel; those that are not as its schema wants are refused. */
    take(spec: ChannelSpec, rows: unknown[], subject: string): Promise<IngestResult>;
  };
  tasks: {
    /** @throws refusal for a kind or parameters that there are not */
    submit(kind: string, params: object): Promise<Task>;
    /** @throws refusal `task_unknown` */
    get(id: string): Promise<Task>;
    /** The task once it is over, or after so long. */
    wait(id: string, ms: number, signal: AbortSignal): Promise<Task>;
  };
}

/** What became of rows that were written. */
export interface IngestResult {
  accepted: number;
  refused: { index: number; reason: string }[];
  /** Where the channel stands then. */
  position: Position;
}

/** A file format; more can be said of one in replayer/formats/support/format.ts. */
export interface PluginFormat {
  name: string;
  /** Of file names: `.words`. */
  endings: string[];
  /** Whether text that begins like this is of the format, for files whose name does not tell. */
  looksLike(head: string): boolean;
  /** Rows in the order of the file, in chunks: one await a chunk. Leaving the loop closes the input. */
  rows(input: {
    path: string | null;
    bytes(): AsyncIterable<Buffer>;
    text(): AsyncIterable<string>;
  }): AsyncIterable<PluginRow[]>;
}

/** One row of a file. */
export interface PluginRow {
  /** Where it begins, from 1. */
  line: number;
  /** Null: it can't be read. */
  values: Data | null;
  /** The values as JSON text, where that is at hand. */
  json: string | null;
  /** Why it can't be read, and how it stands in the file. */
  problem?: string;
  text?: string;
}

/** A kind of analysis service, as backend/analysis/engine/service.ts describes them. */
export interface PluginService {
  name: string;
  summary: string;
  input: string;
  output: string;
  outputs?: { [name: string]: string };
  /** What it keeps does not depend on its parameters. */
  keepsState?: true;
  params: ObjectSchema;
  /** @throws Error saying what is wrong with parameters that their schema allows */
  create(params: { [name: string]: unknown }): PluginDerivation;
}

/** What a service does: `process` where the datum alone is enough, `receive` where more is. Depends on events and their times alone. */
export interface PluginDerivation {
  process?(data: Data): Data | null;
  receive?(event: CloudEvent, context: PluginContext): PluginDerived[];
  due?(timer: { name: string; timeMs: number; ended: boolean }, context: PluginContext): PluginDerived[];
  key?(event: CloudEvent): string;
  forward?(derived: PluginDerived): string | null;
}

export interface PluginDerived {
  /** Those of the event at hand, as they came, unless it says otherwise. */
  data?: Data;
  subject?: string;
  timeMs?: number;
  to?: string;
}

export interface PluginContext {
  readonly timeMs: number;
  readonly key: string;
  readonly watermarkMs: number;
  /** Assign it to keep it; has to survive JSON. */
  state: unknown;
  setTimer(name: string, timeMs: number): void;
  clearTimer(name: string): void;
  reject(reason: string): void;
  /** The service's log; above `debug` no payload. */
  readonly log: {
    [level in 'debug' | 'info' | 'warn' | 'error' | 'critical']: (
      message: string,
      fields?: { [name: string]: unknown },
    ) => void;
  };
  /** For /metrics: by 1, or by so much. */
  count(metric: string, labels?: { [name: string]: string | number | boolean }, by?: number): void;
  observe(metric: string, value: number, labels?: { [name: string]: string | number | boolean }): void;
}

/** A kind of task, as backend/tasks/kind.ts describes them. */
export interface PluginTask {
  name: string;
  summary: string;
  params: ObjectSchema;
  /** JSON Schema of the result. */
  result: object;
  /** Notes what must be of the moment of the request. */
  prepare?(params: { [name: string]: unknown }): Promise<unknown>;
  run(
    params: { [name: string]: unknown },
    context: {
      redis: Redis;
      prepared: unknown;
      signal: AbortSignal;
      progress(share: number): void;
    },
  ): Promise<object>;
}

/** Where the lines of the log also go. What it throws is dropped: a sink never stops a service. */
export interface LogSink {
  name: string;
  write(line: LogLine): void | Promise<void>;
}

export interface LogLine {
  /** ISO 8601. */
  time: string;
  level: string;
  service: string;
  message: string;
  [member: string]: unknown;
}

/** Where the metrics of services also go. What it throws is dropped. */
export interface MetricSink {
  name: string;
  write(sample: MetricSample): void | Promise<void>;
}

export interface MetricSample {
  service: string;
  metric: string;
  value: number;
  labels: { [name: string]: string };
  /** ISO 8601. */
  time: string;
}
