import type {
  Channel,
  DeadLetter,
  CloudEvent,
  LogRecord,
  Pipeline,
  PipelineStatus,
  Recording,
  RecordingOptions,
  RecordingPreview,
  RedisFacts,
  ServiceKindDocument,
  ServicePatch,
  System,
  SystemChanges,
  Task,
  Trace,
} from '../../../../schemas/types.ts';
import { call } from '../live/api.ts';

const id = encodeURIComponent;

/** The answer to events that are sent to a pipeline. */
export interface Sent {
  accepted: number;
  refused: { index: number; reason: string }[];
  /** Trace ids of the events; null for one that was refused. */
  traces: (string | null)[];
  /** The result of each event; null if there was none in time. */
  results?: (CloudEvent | null)[];
}

/** A kind of task, with the schemas of its parameters and its result. */
export interface TaskKind {
  kind: string;
  description?: string;
  params: JsonSchema;
  result: JsonSchema;
}

/** The members of a JSON Schema that the pages read. */
export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  oneOf?: JsonSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  examples?: unknown[];
}

/** Query parameters; empty ones are left out. */
export type Query = Record<string, string | undefined>;
const query = (given: Query): string => {
  const set = Object.entries(given).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return set.length > 0 ? `?${new URLSearchParams(set)}` : '';
};

/** A part of a list; the cursor asks for the next older one, and is null at the end. */
export interface Page<T> {
  items: T[];
  cursor: string | null;
}

type List<T> = Promise<{ items: T[] }>;

/** The requests of all pages but the live one. Each throws a ProblemError when it fails. */
export const pagesApi = {
  pipelines: (signal?: AbortSignal): List<{ name: string; definition: Pipeline }> =>
    call('GET', '/pipelines', undefined, signal),
  pipeline: (name: string, signal?: AbortSignal): Promise<PipelineStatus> =>
    call('GET', `/pipelines/${id(name)}`, undefined, signal),
  addPipeline: (name: string, definition: Pipeline): Promise<unknown> =>
    call('POST', '/pipelines', { name, definition }),
  changePipeline: (name: string, definition: Pipeline): Promise<unknown> =>
    call('PUT', `/pipelines/${id(name)}`, definition),
  removePipeline: (name: string): Promise<unknown> => call('DELETE', `/pipelines/${id(name)}`),
  sendEvent: (
    name: string,
    { subject, data, waitSeconds }: { subject: string; data: object; waitSeconds: number },
    signal: AbortSignal,
  ): Promise<Sent> =>
    call(
      'POST',
      `/pipelines/${id(name)}/events?${new URLSearchParams({ subject, wait: String(waitSeconds) })}`,
      data,
      signal,
    ),
  serviceKinds: (): List<ServiceKindDocument> => call('GET', '/service-kinds'),
  schema: (path: string): Promise<JsonSchema> => call('GET', `/schemas/${path}`),
  patchService: (name: string, patch: ServicePatch): Promise<unknown> =>
    call('PATCH', `/services/${id(name)}`, patch),
  channels: (signal?: AbortSignal): List<Channel> => call('GET', '/channels', undefined, signal),
  deadLetters: (wanted: Query, signal?: AbortSignal): Promise<Page<DeadLetter>> =>
    call('GET', `/deadletters${query(wanted)}`, undefined, signal),
  /** Sends the event of a dead letter to its channel again. */
  redrive: (letter: string): Promise<{ channel: string; position: string }> =>
    call('POST', `/deadletters/${id(letter)}/redrive`),
  redriveAll: (wanted: { channel?: string; source?: string }): Promise<{ redriven: number; left: number }> =>
    call('POST', '/deadletters/redrive', wanted),
  redis: (signal?: AbortSignal): Promise<RedisFacts> => call('GET', '/redis', undefined, signal),
  system: (signal?: AbortSignal): Promise<System> => call('GET', '/system', undefined, signal),
  /** The changes that a document would make; none is made. */
  compareSystem: (document: object): Promise<SystemChanges> => call('PUT', '/system?dry-run=true', document),
  /** How a recording is read with these options, and its first ten records. */
  previewRecording: (
    name: string,
    options: Omit<RecordingOptions, 'id'>,
    signal: AbortSignal,
  ): Promise<RecordingPreview> => call('POST', `/recordings/${id(name)}/preview`, options, signal),
  removeRecording: (name: string): Promise<unknown> => call('DELETE', `/recordings/${id(name)}`),
  taskKinds: (): List<TaskKind> => call('GET', '/tasks/kinds'),
  tasks: (limit: number, signal?: AbortSignal): List<Task> =>
    call('GET', `/tasks?limit=${limit}`, undefined, signal),
  task: (task: string, signal?: AbortSignal): Promise<Task> =>
    call('GET', `/tasks/${id(task)}`, undefined, signal),
  startTask: (kind: string, params: object): Promise<Task> => call('POST', '/tasks', { kind, params }),
  cancelTask: (task: string): Promise<Task> => call('POST', `/tasks/${id(task)}/cancel`),
  traces: (wanted: Query, signal?: AbortSignal): Promise<Page<Trace>> =>
    call('GET', `/traces${query(wanted)}`, undefined, signal),
  trace: (trace: string, signal?: AbortSignal): Promise<Trace> =>
    call('GET', `/traces/${id(trace)}`, undefined, signal),
  logs: (wanted: Query, signal?: AbortSignal): Promise<Page<LogRecord>> =>
    call('GET', `/logs${query(wanted)}`, undefined, signal),
  recordings: (signal?: AbortSignal): List<Recording> => call('GET', '/recordings', undefined, signal),
  restoreSystem: (document: object): Promise<SystemChanges> => call('PUT', '/system', document),
};
