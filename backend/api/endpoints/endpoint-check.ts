import { compileValue } from '../../../core/wire/expression.ts';
import { escaped, flaws, type Flaw } from '../../../core/problems/flaws.ts';
import type { Action, CheckContext } from '../../../core/plugins/plugin.ts';
import { ajv, schemaProblem, schemas } from '../../../schemas/index.ts';
import type { EndpointConfig } from '../../../schemas/types.ts';
import { pathParamsOf } from '../http/route.ts';

/** What endpoints can refer to. */
export interface EndpointRules {
  actions: ReadonlyMap<string, Action>;
  known: CheckContext;
  /** Which plugins failed, and why; null if none did. An unknown action may belong to one of them. */
  missing: string | null;
}

/** Paths of the API itself. */
const RESERVED = /^\/(api|docs|healthz|readyz|metrics|socket\.io)(\/|$)/;
/** Members that every endpoint can have; all others belong to its action. */
const COMMON = Object.keys((schemas.get('setup/endpoint') as { properties: object }).properties);

/** All flaws of endpoints; pointers begin at their list. Endpoints without flaws can be mounted. */
export function endpointFlaws(endpoints: EndpointConfig[], gateway: EndpointRules): Flaw[] {
  const places = new Map<string, number>();
  return endpoints.flatMap((endpoint, i) => {
    const place = `${endpoint.method} ${endpoint.path.replaceAll(/\{\w+\}/g, '{}')}`;
    const first = places.get(place) ?? i;
    places.set(place, first);
    const found = flawsOf(endpoint, gateway);
    if (first < i) found.push({ pointer: '/path', message: `is also the path of endpoints[${first}]` });
    return found.map((flaw) => ({ ...flaw, pointer: `/${i}${flaw.pointer}` }));
  });
}

function flawsOf(endpoint: EndpointConfig, { actions, known, missing }: EndpointRules): Flaw[] {
  const action = actions.get(endpoint.action);
  if (!action && missing !== null) return [];
  if (!action) {
    const message = `"${endpoint.action}" is not a known action; known are: ${[...actions.keys()].join(', ')}`;
    return [{ pointer: '/action', message }];
  }
  const own = Object.fromEntries(Object.entries(endpoint).filter(([name]) => !COMMON.includes(name)));
  const found = [
    ...(ajv.validate(action.members, own) ? [] : flaws(action.members, own)),
    ...commonFlaws(endpoint, action),
    ...schemaFlaws(endpoint),
    ...expressionFlaws(endpoint),
  ];
  return found.length > 0 ? found : (action.flaws?.(endpoint, known) ?? []);
}

function commonFlaws(endpoint: EndpointConfig, action: Action): Flaw[] {
  const { method, path, query = {}, required = [], pathParams = {}, body } = endpoint;
  const found: Flaw[] = [];
  const flaw = (pointer: string, message: string) => found.push({ pointer, message });
  if (RESERVED.test(path)) flaw('/path', `"${path}" is reserved for the API`);
  if (action.body && (method === 'GET' || method === 'DELETE'))
    flaw('/method', `must be POST, PUT or PATCH, since ${action.name} needs a body; is "${method}"`);
  if (body && !action.body) flaw('/body', `has no effect: ${action.name} takes no body`);
  for (const name of required)
    if (!query[name] && !action.query?.[name])
      flaw('/required', `names "${name}", which query does not describe`);
  for (const name of Object.keys(pathParams))
    if (!pathParamsOf(path).includes(name)) flaw(`/pathParams/${escaped(name)}`, 'is not in the path');
  return found;
}

function schemaFlaws({ query = {}, pathParams = {}, body, response }: EndpointConfig): Flaw[] {
  const within = (member: string, schemas: { [name: string]: object }) =>
    Object.entries(schemas).map(([name, schema]): [string, object] => [
      `/${member}/${escaped(name)}`,
      schema,
    ]);
  const given: [string, object | undefined][] = [
    ...within('query', query),
    ...within('pathParams', pathParams),
    ['/body', body],
    ['/response/schema', response?.schema],
  ];
  return given.flatMap(([pointer, schema]) => {
    const problem = schema && schemaProblem(schema);
    return problem
      ? [{ pointer: pointer + problem.pointer, message: `is not a valid JSON Schema: ${problem.message}` }]
      : [];
  });
}

function expressionFlaws({ response }: EndpointConfig): Flaw[] {
  try {
    if (response?.value !== undefined) compileValue(response.value);
    return [];
  } catch (error) {
    return [{ pointer: '/response/value', message: (error as Error).message.replace(/\.$/, '') }];
  }
}
