import type { Settings } from '../../../core/settings/settings.ts';
import { refuseFlaws } from '../../../core/settings/config-file.ts';
import { failure, refusal } from '../../../core/problems/errors.ts';
import { compileValue } from '../../../core/wire/expression.ts';
import { sentenceOf, type Flaw } from '../../../core/problems/flaws.ts';
import type { Logger } from '../../../core/logging/log.ts';
import type { Action, ActionCall } from '../../../core/plugins/plugin.ts';
import type { Plugins } from '../../../core/plugins/plugins.ts';
import type { EndpointConfig } from '../../../schemas/types.ts';
import { taskChannels } from '../../tasks/task.ts';
import type { ChannelUse } from '../http/access/channel-rights.ts';
import { findActions } from './action.ts';
import { endpointFlaws, type EndpointRules } from './endpoint-check.ts';
import {
  JsonText,
  jsonOf,
  pathParamsOf,
  HttpReply,
  type Call,
  type Method,
  type Schema,
} from '../http/route.ts';
import { route, type ApiRoute, type Resource } from '../routing/api-route.ts';

type Query = { [name: string]: unknown };

/** Actions that use no channel; the id of a task is known only to those who may see it. */
const NO_CHANNEL = ['respond', 'task-status'];

const TEXT: Schema = { type: 'string', minLength: 1, maxLength: 256 };

/** The current endpoints. They are replaced as a whole; calls under way finish with the ones they began with. */
export class Endpoints {
  readonly #gateway: EndpointRules;
  readonly #log: Pick<Logger, 'warn'>;
  #resource: Resource;
  #problems: string[] = [];
  #text = '';
  #changed: (resource: Resource) => void = () => {};

  constructor(gateway: EndpointRules, log: Pick<Logger, 'warn'>) {
    this.#gateway = gateway;
    this.#log = log;
    this.#resource = configuredEndpoints([], gateway);
  }

  /** All flaws of endpoints; pointers begin at their list. */
  flaws(endpoints: EndpointConfig[]): Flaw[] {
    return endpointFlaws(endpoints, this.#gateway);
  }

  /** Replaces the endpoints. Those with flaws (perhaps of another release) are left out and reported. */
  apply(endpoints: EndpointConfig[]): void {
    const text = JSON.stringify(endpoints);
    if (text === this.#text) return;
    this.#text = text;
    const found = this.flaws(endpoints);
    this.#problems = found.map((flaw) => `endpoints${sentenceOf(flaw)}.`);
    for (const problem of this.#problems) this.#log.warn(problem);
    const broken = new Set(found.map(({ pointer }) => Number(pointer.split('/')[1])));
    this.#resource = configuredEndpoints(
      endpoints.filter((_, i) => !broken.has(i)),
      this.#gateway,
    );
    this.#changed(this.#resource);
  }

  /** Calls back with the routes, now and after each change. */
  follow(changed: (resource: Resource) => void): void {
    this.#changed = changed;
    changed(this.#resource);
  }

  /** Why endpoints were left out. */
  get problems(): readonly string[] {
    return this.#problems;
  }
}

/**
 * The endpoints of a configuration.
 * @throws refusal with line and column of each flaw
 */
export async function openEndpoints(
  settings: Pick<Settings, 'endpoints' | 'file'>,
  plugins: Plugins,
  tasks: string[],
  log: Pick<Logger, 'warn'>,
): Promise<Endpoints> {
  const actions = await findActions(plugins);
  const endpoints = new Endpoints({ actions, known: { tasks }, missing: plugins.missing }, log);
  refuseFlaws(settings.file, 'endpoints', endpoints.flaws(settings.endpoints));
  endpoints.apply(settings.endpoints);
  return endpoints;
}

/** Declares endpoints without flaws as routes, which are mounted, validated and documented like all others. */
function configuredEndpoints(endpoints: EndpointConfig[], { actions, missing }: EndpointRules): Resource {
  // Fixed segments must come before parameters, whatever the order in the file: "{" sorts after all other characters of paths.
  const sorted = [...endpoints].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return {
    name: 'endpoints',
    description: 'Endpoints that are configured in config/reprise.json.',
    routes: sorted.map((endpoint) =>
      declare(endpoint, actions.get(endpoint.action) ?? missingAction(endpoint.action, missing)),
    ),
  };
}

/** Replaces an action that is missing because its plugin failed. */
function missingAction(name: string, missing: string | null): Action {
  return {
    name,
    summary: 'Not available: its plugin failed.',
    members: { type: 'object', properties: {}, additionalProperties: false },
    scope: 'read',
    handle() {
      throw failure('plugin_failed', `The action "${name}" is not available. ${missing ?? ''}`, {
        hint: 'Repair the plugin and restart the API.',
      });
    },
  };
}

function declare(endpoint: EndpointConfig, action: Action): ApiRoute {
  const { method, path, summary, description, query, required, pathParams, body, response, scope } = endpoint;
  const names = pathParamsOf(path);
  const accepted = body ?? action.body;
  const respond = responder(response);
  return route<Query, unknown>({
    method: method.toLowerCase() as Method,
    path,
    summary: summary ?? action.summary,
    ...(description !== undefined && { description }),
    scope: scope ?? action.scope,
    channels: channelsOf(endpoint, action),
    effect: action.scope === 'read' ? 'none' : action.body ? 'data' : 'change',
    ...(names.length > 0 && {
      params: Object.fromEntries(names.map((name) => [name, pathParams?.[name] ?? TEXT])),
    }),
    query: { ...action.query, ...query } as { [name: string]: Schema },
    required: required ?? [],
    lenient: true,
    ...(accepted && { body: { schema: accepted as Schema } }),
    responses: {
      [response?.status ?? 200]: {
        description: response?.description ?? action.summary,
        schema: response?.schema ?? {},
      },
      404: { description: 'There are no data yet.' },
      422: { description: 'Path, query or body is not valid.' },
    },
    async handle(
      { params, query: given, body: content, incoming, once, signal }: Call<Query, unknown>,
      parts,
    ) {
      const call: ActionCall = { params, query: given, body: content, incoming, once, signal };
      return respond(await action.handle(endpoint, call, parts));
    },
  });
}

/** How an endpoint concerns channels: by its own channel, or that of its task. Others may use any. */
function channelsOf(endpoint: EndpointConfig, action: Action): ChannelUse {
  const { channel, kind, params } = endpoint as { channel?: unknown; kind?: unknown; params?: object };
  if (typeof channel === 'string') return action.scope === 'read' ? { read: channel } : { write: channel };
  if (NO_CHANNEL.includes(action.name)) return 'none';
  const own = typeof kind === 'string' && taskChannels({ kind, params: { ...params } });
  // A parameter of the query wins over a fixed one.
  const isFixed = !pathParamsOf(endpoint.path).includes('channel') && !endpoint.query?.['channel'];
  return own && isFixed ? { read: own[0]! } : 'all';
}

/** Turns the result of an action into the response that the endpoint declares. */
function responder({ status, headers, value }: NonNullable<EndpointConfig['response']> = {}): (
  found: unknown,
) => unknown {
  if (status === undefined && headers === undefined && value === undefined) return (found) => found;
  const evaluate = value === undefined ? null : compileValue(value, refuseCostly);
  return (found) => {
    const reply = found instanceof HttpReply ? found : new HttpReply(200, found);
    const body = evaluate ? evaluated(evaluate, reply.body) : reply.body;
    return new HttpReply(reply.status === 200 ? (status ?? 200) : reply.status, body, {
      ...reply.headers,
      ...headers,
    });
  };
}

/** Throws through the expression: what takes too long must not look like null. */
function refuseCostly(reason: string, isCostly: boolean): void {
  if (isCostly)
    throw refusal('expression_costly', `The value of this endpoint can't be evaluated: ${reason}.`, {
      hint: 'Simplify response.value of the endpoint, or let it answer with less data.',
    });
}

function evaluated(evaluate: (data: never) => unknown, body: unknown): JsonText {
  // An expression computes with JavaScript's numbers.
  const found: unknown = JSON.parse(jsonOf(body ?? {}));
  const value = evaluate(found as never) ?? null;
  // Integer literals in an expression are bigints.
  return new JsonText(
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner)),
  );
}
