import { refusal, RepriseError } from '../../core/errors.ts';
import type { Event } from '../../core/event.ts';
import { keys } from '../../core/keys.ts';
import type { ChannelSpec } from '../../core/channels.ts';
import type { Redis } from '../../core/redis.ts';
import type { EndpointConfig, Task } from '../../schemas/types.ts';
import { isFinal } from '../tasks/task.ts';
import { JsonText, route, type Call, type Method, type Resource, type Route } from './route.ts';
import type { Parts } from './parts.ts';

type Query = { [name: string]: unknown };
const FOREVER_MS = 86_400_000 * 2;

/** The endpoints of the configuration, declared like any route: mounted, checked and documented the same way. */
export function configuredEndpoints(endpoints: EndpointConfig[]): Resource {
  return {
    name: 'endpoints',
    description: 'Endpoints of config/reprise.json: bare JSON, under paths of your own.',
    routes: endpoints.map(declare),
  };
}

function declare(endpoint: EndpointConfig): Route {
  return route<Query>({
    method: endpoint.method.toLowerCase() as Method,
    path: endpoint.path,
    summary: endpoint.summary ?? `${endpoint.action} (configured)`,
    scope: endpoint.action === 'task' ? 'control' : 'read',
    query: endpoint.query ?? {},
    required: endpoint.required ?? [],
    lenient: true,
    responses: {
      200: { description: answerOf(endpoint), schema: {} },
      404: { description: 'There is nothing of that kind yet.' },
      422: { description: 'The query is not as it should be.' },
    },
    handle: (call, parts) => ACTIONS[endpoint.action](endpoint, call, parts),
  });
}

const ACTIONS: {
  [action in EndpointConfig['action']]: (
    endpoint: EndpointConfig,
    call: Call<Query, never>,
    parts: Parts,
  ) => Promise<unknown>;
} = { state, task, 'task-status': taskStatus };

async function state(
  { channel = '' }: EndpointConfig,
  _call: Call<Query, never>,
  { redis, channels }: Parts,
): Promise<unknown> {
  const spec = await channels.get(channel);
  const data = await latestData(redis, spec);
  if (data !== null) return new JsonText(data);
  throw refusal('state_empty', 404, `Nothing has been on channel "${channel}" yet.`, {
    hint: 'Start a replay (POST /api/v1/replays), or `npm start` for the demo.',
  });
}

async function latestData(redis: Redis, spec: ChannelSpec): Promise<string | null> {
  if (spec.latestKey !== '') {
    const latest = await redis.get(spec.latestKey);
    if (latest === null || spec.envelope === 'none') return latest;
    return JSON.stringify((JSON.parse(latest) as Event).data);
  }
  const [entry] = await redis.xrevrange(keys.log(spec.name), '+', '-', 'COUNT', 1);
  return entry ? JSON.stringify((JSON.parse(entry[1][1]!) as Event).data) : null;
}

async function task(
  endpoint: EndpointConfig,
  { query, signal }: Call<Query, never>,
  { tasks }: Parts,
): Promise<unknown> {
  const own = Object.keys(endpoint.query ?? {}).filter((name) => query[name] !== undefined);
  const params = { ...endpoint.params, ...Object.fromEntries(own.map((name) => [name, query[name]])) };
  const asked = await tasks.submit(endpoint.kind ?? '', params);
  if (!endpoint.wait) return asked.id;
  const ended = await tasks.wait(asked.id, FOREVER_MS, signal);
  if (ended.state === 'succeeded') return selected(endpoint, ended);
  // Nobody else knows this task: who hung up does not want it any more.
  if (!isFinal(ended)) await tasks.cancel(asked.id).catch(() => {});
  throw new RepriseError(
    'failure',
    'task_without_result',
    500,
    `Task ${asked.id} is ${ended.state}: ${ended.error ?? 'no result'}.`,
  );
}

async function taskStatus(
  endpoint: EndpointConfig,
  { query }: Call<Query, never>,
  { tasks }: Parts,
): Promise<unknown> {
  const id = query[endpoint.required?.[0] ?? 'task_id'];
  const found = await tasks.get(typeof id === 'string' ? id : '');
  const status = endpoint.states?.[found.state] ?? found.state;
  return found.state === 'succeeded' ? { status, result: selected(endpoint, found) } : { status };
}

function selected({ select }: EndpointConfig, { result }: Task): unknown {
  if (select === undefined) return result;
  return result?.[select] ?? null;
}

function answerOf({ action, wait, select }: EndpointConfig): string {
  if (action === 'state') return "The channel's latest data.";
  if (action === 'task-status')
    return `{"status", "result"}: the result${select ? `'s ${select}` : ''} once it is there.`;
  return wait ? `The result${select ? `'s ${select}` : ''}.` : "The task's id.";
}
