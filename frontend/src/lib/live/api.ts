import type {
  Channel,
  DeadLetter,
  CloudEvent,
  Problem,
  Recording,
  RedisFacts,
  Replay,
  ReplayPatch,
  ReplayRequest,
  ServiceConfig,
  ServicePatch,
} from '../../../../schemas/types.ts';
import { apiKey } from '../ui/api-key.ts';
import { basePath } from '../ui/base-path.ts';
import { keepText } from './json/event-text.ts';
import { texts } from './texts.ts';

const base = `${basePath}api/v1`;

/** A request that was refused or failed; `problem` says why and what to do (RFC 9457). */
class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.title);
    this.problem = problem;
  }
}

/** The answer of `GET /page`: the settings of the page. */
export interface PageSettings {
  streets: GeoJSON.FeatureCollection | null;
  streetStyle: string | null;
  /** Where the logs of the machine of the API are; null while unknown. */
  logs: { host: string; folder: string } | null;
}

const local = (code: string, title: string, hint: string, detail?: string): ProblemError =>
  new ProblemError({ type: 'about:blank', status: 0, code, title, hint, detail });

function answer<T>(status: number, text: string): T {
  let body: unknown;
  try {
    body = text ? JSON.parse(text) : undefined;
  } catch {
    throw local(
      'unreadable',
      texts.unreadable,
      texts.unreadableHint,
      `HTTP ${status}: ${text.slice(0, 120)}`,
    );
  }
  if (status < 400) return body as T;
  const problem = (body ?? {}) as Partial<Problem>;
  throw new ProblemError({
    type: 'about:blank',
    code: `http_${status}`,
    status,
    title: `HTTP ${status}`,
    ...problem,
  });
}

/** Sends a request. @throws ProblemError, also when the API can't be reached */
export async function call<T>(method: string, path: string, body?: object, signal?: AbortSignal): Promise<T> {
  const { status, text } = await textOf(method, path, body, signal);
  return answer<T>(status, text);
}

async function textOf(
  method: string,
  path: string,
  body?: object,
  signal?: AbortSignal,
): Promise<{ status: number; text: string }> {
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      signal,
      headers: { ...authorization(), ...(body && { 'content-type': 'application/json' }) },
      body: body && JSON.stringify(body),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw local('unreachable', texts.unreachable, texts.unreachableHint);
  }
  return { status: response.status, text: await response.text() };
}

function authorization(): Record<string, string> {
  const key = apiKey();
  return key ? { authorization: `Bearer ${key}` } : {};
}

const id = encodeURIComponent;

/** The REST API. Every call throws a ProblemError when it fails. */
export const api = {
  page: () => call<PageSettings>('GET', '/page'),
  redis: () => call<RedisFacts>('GET', '/redis'),
  replays: () => call<{ items: Replay[] }>('GET', '/replays'),
  startReplay: (request: ReplayRequest) => call<Replay>('POST', '/replays', request),
  patchReplay: (replay: string, patch: ReplayPatch) => call<Replay>('PATCH', `/replays/${id(replay)}`, patch),
  removeReplay: (replay: string) => call<unknown>('DELETE', `/replays/${id(replay)}`),
  recordings: () => call<{ items: Recording[] }>('GET', '/recordings'),
  recording: (recording: string) => call<Recording>('GET', `/recordings/${id(recording)}`),
  channel: (channel: string) => call<Channel>('GET', `/channels/${id(channel)}`),
  channels: () => call<{ items: Channel[] }>('GET', '/channels'),
  history,
  service: (name: string) => call<ServiceConfig>('GET', `/services/${id(name)}`),
  patchService: (name: string, patch: ServicePatch) =>
    call<ServiceConfig>('PATCH', `/services/${id(name)}`, patch),
  deadLetters: (limit: number) => call<{ items: DeadLetter[] }>('GET', `/deadletters?limit=${limit}`),
  upload,
};

/** Past events of a channel; they keep their text. */
async function history(
  channel: string,
  query: Record<string, string>,
): Promise<{ items: CloudEvent[]; cursor?: string | null }> {
  const path = `/channels/${id(channel)}/history?${new URLSearchParams(query)}`;
  const { status, text } = await textOf('GET', path);
  const page = answer<{ items: CloudEvent[]; cursor?: string | null }>(status, text);
  keepText(page.items, text, 'items');
  return page;
}

/**
 * Uploads a file unchanged; `progress` is called with the share sent, 0..1.
 * Uses XMLHttpRequest, because fetch doesn't report progress.
 */
function upload(
  file: File,
  replace: boolean,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<Recording> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `${base}/recordings?name=${id(file.name)}${replace ? '&replace=true' : ''}`);
    request.setRequestHeader('content-type', 'application/octet-stream');
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    signal.throwIfAborted();
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onload = () => {
      try {
        resolve(answer<Recording>(request.status, request.responseText));
      } catch (error) {
        reject(error);
      }
    };
    request.onerror = () => reject(local('unreachable', texts.unreachable, texts.unreachableHint));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** The problem of any error, so that all errors are shown the same way. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return { type: 'about:blank', status: 0, code: 'page', title: texts.failed, detail };
}
