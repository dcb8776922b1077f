import type { Settings } from '../../../core/settings/settings.ts';
import { refuseFlaws } from '../../../core/settings/config-file.ts';
import { failure } from '../../../core/problems/errors.ts';
import { compileValue } from '../../../core/wire/expression.ts';
import { sentenceOf, type Flaw } from '../../../core/problems/flaws.ts';
import type { Logger } from '../../../core/logging/log.ts';
import type { Action, ActionCall } from '../../../core/plugins/plugin.ts';
import type { Plugins } from '../../../core/plugins/plugins.ts';
import type { EndpointConfig } from '../../../schemas/types.ts';
import { findActions } from './action.ts';
import { endpointFlaws, type EndpointRules } from './endpoint-check.ts';
import { JsonText, pathParamsOf, HttpReply, type Call, type Method, type Schema } from '../http/route.ts';
import { route, type ApiRoute, type Resource } from '../routing/api-route.ts';

type Query = { [name: string]: unknown };

const TEXT: Schema = { type: 'string', minLength: 1, maxLength: 256 };

/** The endpoints as they are set up now. They are exchanged as a whole, and no call that is under way notices. */
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

  /** What is wrong with endpoints; pointers begin at their list. */
  flaws(endpoints: EndpointConfig[]): Flaw[] {
    return endpointFlaws(endpoints, this.#gateway);
  }

  /** Takes these instead of those before. One with flaws is left out and told of: it may be of another release. */
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

  /** Calls back with their routes, now and after each change. */
  follow(changed: (resource: Resource) => void): void {
    this.#changed = changed;
    changed(this.#resource);
  }

  /** What of them could not be taken, and why. */
  get problems(): readonly string[] {
    return this.#problems;
  }
}

/**
 * The endpoints of a configuration, to begin with.
 * @throws refusal that names line and column of what is wrong with them
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

/** Endpoints without flaws, declared like any route: mounted, checked and documented the same way. */
function configuredEndpoints(endpoints: EndpointConfig[], { actions, missing }: EndpointRules): Resource {
  // A fixed segment goes before a parameter, whatever their order in the file: "{" comes after all that paths are made of.
  const sorted = [...endpoints].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return {
    name: 'endpoints',
    description: 'Endpoints of config/reprise.json: bare JSON, under paths of your own.',
    routes: sorted.map((endpoint) =>
      declare(endpoint, actions.get(endpoint.action) ?? absent(endpoint.action, missing)),
    ),
  };
}

/** Stands in for what a plugin would have brought that failed. */
function absent(name: string, missing: string | null): Action {
  return {
    name,
    summary: 'Nothing now: its plugin failed.',
    members: { type: 'object', properties: {}, additionalProperties: false },
    scope: 'read',
    handle() {
      throw failure('plugin_failed', `There is no action "${name}" now. ${missing ?? ''}`, {
        hint: 'Mend the plugin and start the API again.',
      });
    },
  };
}

function declare(endpoint: EndpointConfig, action: Action): ApiRoute {
  const { method, path, summary, description, query, required, pathParams, body, response, scope } = endpoint;
  const names = pathParamsOf(path);
  const accepted = body ?? action.body;
  const shape = shaped(response);
  return route<Query, unknown>({
    method: method.toLowerCase() as Method,
    path,
    summary: summary ?? action.summary,
    ...(description !== undefined && { description }),
    scope: scope ?? action.scope,
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
      404: { description: 'There is nothing of that kind yet.' },
      422: { description: 'Path, query or body are not as they should be.' },
    },
    async handle({ params, query: given, body: content, signal }: Call<Query, unknown>, parts) {
      const call: ActionCall = { params, query: given, body: content, signal };
      return shape(await action.handle(endpoint, call, parts));
    },
  });
}

/** How an endpoint answers what its action found. */
function shaped({ status, headers, value }: NonNullable<EndpointConfig['response']> = {}): (
  found: unknown,
) => unknown {
  if (status === undefined && headers === undefined && value === undefined) return (found) => found;
  const evaluate = value === undefined ? null : compileValue(value);
  return (found) => {
    const reply = found instanceof HttpReply ? found : new HttpReply(200, found);
    const body = evaluate ? evaluated(evaluate, reply.body) : reply.body;
    return new HttpReply(reply.status === 200 ? (status ?? 200) : reply.status, body, {
      ...reply.headers,
      ...headers,
    });
  };
}

function evaluated(evaluate: (data: never) => unknown, body: unknown): JsonText {
  const found: unknown = body instanceof JsonText ? JSON.parse(body.text) : (body ?? {});
  const value = evaluate(found as never) ?? null;
  // Whole numbers that an expression names are bigints.
  return new JsonText(
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner)),
  );
}
