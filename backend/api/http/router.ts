import express, {
  type IRouter,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { ValidateFunction } from 'ajv';
import { ajv, queryAjv } from '../../../schemas/index.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { loadRegistry } from '../../../core/runtime/registry.ts';
import { scopeGuard } from './guard.ts';
import { idempotent } from './idempotency.ts';
import type { Parts } from './parts.ts';
import { validationRefusal } from './problems.ts';
import { JsonText, Reply, type JsonBody, type Resource, type Route, type Schema } from './route.ts';

const JSON_TYPES = ['application/json', '+json'];
const NDJSON_TYPE = 'application/x-ndjson';
const BODY_LIMIT_BYTES = 1_000_000;

/** Every resource: a file under resources/ is one. By name. */
export function findResources(): Promise<Resource[]> {
  return loadRegistry<Resource>(new URL('../resources/', import.meta.url));
}

/** Mounts routes under a prefix, each behind `before`: validated at the door, wrong methods refused with what is allowed. */
export function mount(
  app: IRouter,
  prefix: string,
  routes: Route[],
  parts: Parts,
  before: RequestHandler[],
): void {
  for (const path of new Set(routes.map((each) => each.path))) {
    const group = routes.filter((each) => each.path === path);
    const allowed = allowedMethods(group);
    const mounted = app.route(prefix + path.replace(/\{(\w+)\*\}$/, '*$1').replace(/\{(\w+)\}/g, ':$1'));
    for (const each of group) {
      const again =
        each.method === 'post' && !(each.body && 'raw' in each.body) ? [idempotent(parts.redis)] : [];
      mounted[each.method](...before, scopeGuard(each.scope), ...doors(each), ...again, handler(each, parts));
    }
    mounted.options((_request, response) => void response.set('Allow', allowed).status(204).end());
    mounted.all((request, response) => {
      response.set('Allow', allowed);
      throw refusal('method_not_allowed', 405, `${request.path} does not take ${request.method}.`, {
        hint: `It takes ${allowed}.`,
      });
    });
  }
}

function allowedMethods(group: Route[]): string {
  const methods = group.map(({ method }) => method.toUpperCase());
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

/** What stands before a handler: one check each of path, query and body. */
function doors(route: Route): RequestHandler[] {
  const found: RequestHandler[] = [];
  const names = Object.keys(route.params ?? {});
  if (route.params) found.push(check(route.params, names, '{}', true, (request) => pathParams(request)));
  const lenient = route.lenient ?? false;
  found.push(
    check(route.query ?? {}, route.required ?? [], '?', lenient, (request) => ({ ...request.query })),
  );
  if (route.body && 'schema' in route.body) found.push(...bodyDoors(route.body));
  return found;
}

/** Checks what stands in the URL, where all is text: numbers and defaults come out in `locals.query`. */
function check(
  properties: { [name: string]: Schema },
  required: string[],
  place: '?' | '{}',
  lenient: boolean,
  given: (request: Request) => object,
): RequestHandler {
  const validate = queryAjv.compile({ type: 'object', properties, required, additionalProperties: lenient });
  return (request, response, next) => {
    const value = given(request);
    if (!validate(value)) throw validationRefusal(validate.errors!, place);
    if (place === '?') response.locals['query'] = value;
    next();
  };
}

function bodyDoors({ schema, limitBytes = BODY_LIMIT_BYTES, ndjson = false }: JsonBody): RequestHandler[] {
  const validate: ValidateFunction = ajv.compile(schema);
  const accepted = ndjson ? [...JSON_TYPES, NDJSON_TYPE] : JSON_TYPES;
  const checkType: RequestHandler = (request, _response, next) => {
    // `is` answers null when there is no body at all: a matter of its own, below.
    if (request.is(accepted) !== false || request.get('Content-Length') === '0') return next();
    throw refusal(
      'body_type',
      415,
      `The body is ${request.headers['content-type'] ?? 'of no stated type'}.`,
      {
        hint: 'Send JSON with Content-Type: application/json.',
      },
    );
  };
  const empty = new WeakSet<object>();
  const verify = (request: object, _response: unknown, content: Buffer) => {
    // An empty body would be taken for an empty object.
    if (content.length === 0) empty.add(request);
  };
  const checkBody: RequestHandler = (request, _response, next) => {
    if (request.body === undefined || empty.has(request)) {
      throw refusal('body_missing', 400, 'There is no body.', {
        hint: 'Send JSON with Content-Type: application/json.',
      });
    }
    if (request.is(NDJSON_TYPE)) request.body = lines(request.body as string);
    if (!validate(request.body)) throw validationRefusal(validate.errors!, '#');
    next();
  };
  const asJson = express.json({ limit: limitBytes, strict: false, type: JSON_TYPES, verify });
  const asText = express.text({ limit: limitBytes, type: NDJSON_TYPE, verify });
  return [checkType, asJson, ...(ndjson ? [asText] : []), checkBody];
}

function lines(text: string): unknown[] {
  const found = text.split('\n').filter((line) => line.trim() !== '');
  return found.map((line) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return line;
    }
  });
}

/** A last `*path` comes as an array of segments. */
function pathParams({ params }: Request): { [name: string]: string } {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [value].flat().join('/')]));
}

function handler(route: Route, parts: Parts): RequestHandler {
  return async (request: Request, response: Response, next: NextFunction) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const params = pathParams(request);
    try {
      const answer = await route.handle(
        {
          params,
          query: response.locals['query'],
          body: request.body as unknown,
          signal: gone.signal,
          request,
          response,
        },
        parts,
      );
      if (!response.headersSent && !gone.signal.aborted) send(response, answer);
    } catch (error) {
      if (!gone.signal.aborted) next(error);
    }
  };
}

function send(response: Response, answer: unknown): void {
  const reply = answer instanceof Reply ? answer : new Reply(200, answer);
  response.status(reply.status).set(reply.headers);
  if (reply.body === undefined) response.end();
  else if (reply.body instanceof JsonText) response.type('application/json').send(reply.body.text);
  else response.type('application/json').send(JSON.stringify(reply.body));
}
