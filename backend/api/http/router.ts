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
import type { Redis } from '../../../core/redis/connection.ts';
import { scopeGuard } from './guard.ts';
import { idempotent } from './idempotency.ts';
import { validationRefusal } from './problems.ts';
import { JsonText, HttpReply, type JsonBody, type Method, type Route, type Schema } from './route.ts';

const JSON_TYPES = ['application/json', '+json'];
const NDJSON_TYPE = 'application/x-ndjson';
const BODY_LIMIT_BYTES = 1_000_000;

interface Mounting<Context> {
  app: IRouter;
  prefix: string;
  routes: Route<Context>[];
  /** Handed to every handler. */
  context: Context;
  /** Runs before each route. */
  before: RequestHandler[];
}

/** Mounts routes under a prefix. Requests are validated before they reach a handler; other methods get 405 with `Allow`. */
export function mount<Context extends { redis: Redis }>({
  app,
  prefix,
  routes,
  context,
  before,
}: Mounting<Context>): void {
  for (const path of new Set(routes.map((each) => each.path))) {
    const group = routes.filter((each) => each.path === path);
    const allowed = allowedMethods(group);
    const mounted = app.route(prefix + path.replace(/\{(\w+)\*\}$/, '*$1').replace(/\{(\w+)\}/g, ':$1'));
    for (const each of group) {
      const repeatable =
        each.method === 'post' && !(each.body && 'raw' in each.body) ? [idempotent(context.redis)] : [];
      mounted[each.method](
        ...before,
        scopeGuard(each.scope),
        ...checks(each),
        ...repeatable,
        handler(each, context),
      );
    }
    mounted.options((_request, response) => void response.set('Allow', allowed).status(204).end());
    mounted.all((request, response) => {
      response.set('Allow', allowed);
      throw refusal('method_not_allowed', `${request.path} does not support ${request.method}.`, {
        hint: `It supports ${allowed}.`,
      });
    });
  }
}

function allowedMethods(group: { method: Method }[]): string {
  const methods = group.map(({ method }) => method.toUpperCase());
  return [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

/** The checks before a handler: of path, query and body. */
function checks(route: Route<never>): RequestHandler[] {
  const found: RequestHandler[] = [];
  const names = Object.keys(route.params ?? {});
  if (route.params) found.push(check(route.params, names, '{}', true, (request) => pathParams(request)));
  const lenient = route.lenient ?? false;
  found.push(
    check(route.query ?? {}, route.required ?? [], '?', lenient, (request) => ({ ...request.query })),
  );
  if (route.body && 'schema' in route.body) found.push(...bodyChecks(route.body));
  return found;
}

/** Checks parameters of the URL. There all values are text; converted ones, with defaults, are put into `locals.query`. */
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

function bodyChecks({ schema, limitBytes = BODY_LIMIT_BYTES, ndjson = false }: JsonBody): RequestHandler[] {
  const validate: ValidateFunction = ajv.compile(schema);
  const accepted = ndjson ? [...JSON_TYPES, NDJSON_TYPE] : JSON_TYPES;
  const checkType: RequestHandler = (request, _response, next) => {
    // `is` returns null if there is no body, which `checkBody` refuses.
    if (request.is(accepted) !== false || request.get('Content-Length') === '0') return next();
    const type = request.headers['content-type'];
    throw refusal('body_type', `The body has ${type ? `the type ${type}` : 'no Content-Type'}.`, {
      hint: 'Send JSON with Content-Type: application/json.',
    });
  };
  const empty = new WeakSet<object>();
  const verify = (request: object, _response: unknown, content: Buffer) => {
    // Express parses an empty body as an empty object.
    if (content.length === 0) empty.add(request);
  };
  const checkBody: RequestHandler = (request, _response, next) => {
    if (request.body === undefined || empty.has(request)) {
      throw refusal('body_missing', 'The request has no body.', {
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

/** Express gives a final `*path` as an array of segments. */
function pathParams({ params }: Request): { [name: string]: string } {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [value].flat().join('/')]));
}

function handler<Context>(route: Route<Context>, context: Context): RequestHandler {
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
        context,
      );
      if (!response.headersSent && !gone.signal.aborted) send(response, answer);
    } catch (error) {
      if (!gone.signal.aborted) next(error);
    }
  };
}

function send(response: Response, answer: unknown): void {
  const reply = answer instanceof HttpReply ? answer : new HttpReply(200, answer);
  response.status(reply.status).set(reply.headers);
  if (reply.body === undefined) response.end();
  else if (reply.body instanceof JsonText) response.type('application/json').send(reply.body.text);
  else response.type('application/json').send(JSON.stringify(reply.body));
}
