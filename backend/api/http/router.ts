import type { IRouter, NextFunction, Request, RequestHandler, Response } from 'express';
import { queryAjv } from '../../../schemas/index.ts';
import { refusal } from '../../../core/problems/errors.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { shownTo } from './access/channel-rights.ts';
import { auditing, notesOf, type Auditor } from './auditing.ts';
import type { Connections } from './access/connections.ts';
import type { FrontDoor } from './access/front-door.ts';
import { causeGuard, channelGuard, connectionGuard, principalOf, scopeGuard, whoOf } from './guard.ts';
import { beginOnce } from './idempotency.ts';
import { bodyChecks } from './json-body.ts';
import { incomingOf } from './incoming.ts';
import { problemReply, sendReply, validationRefusal } from './problems.ts';
import { effectOf, HttpReply, renderReply, type Method, type Route, type Schema } from './route.ts';

interface Mounting<Context> {
  app: IRouter;
  prefix: string;
  routes: Route<Context>[];
  /** Handed to every handler. */
  context: Context;
  door: FrontDoor;
  audit: Auditor;
  connections: Connections;
  /** Runs before each route. */
  before: RequestHandler[];
}

/** Mounts routes under a prefix. Requests are validated before they reach a handler; other methods get 405 with `Allow`. */
export function mount<Context extends { redis: Redis }>({
  app,
  prefix,
  routes,
  context,
  door,
  audit,
  connections,
  before,
}: Mounting<Context>): void {
  for (const path of new Set(routes.map((each) => each.path))) {
    const group = routes.filter((each) => each.path === path);
    const allowed = allowedMethods(group);
    const mounted = app.route(prefix + path.replace(/\{(\w+)\*\}$/, '*$1').replace(/\{(\w+)\}/g, ':$1'));
    for (const each of group) {
      mounted[each.method](
        auditing({ effect: effectOf(each), audit }, (response) => whoOf(response, door)),
        ...(isOpenToPages(each) ? [] : [causeGuard(door)]),
        ...before,
        ...(isStream(each) ? [connectionGuard(connections, door)] : []),
        scopeGuard(each.scope),
        channelGuard(each),
        ...checks(each),
        handler(each, context, readerBefore(each, group)),
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

/** Whether any page may cause this, as by a link or a picture: nothing happens, and nothing stays open. */
function isOpenToPages(route: Route<never>): boolean {
  return effectOf(route) === 'none' && !isStream(route);
}

function isStream({ responses }: Route<never>): boolean {
  return Object.values(responses).some(
    ({ type, streams }) => streams === true || type === 'text/event-stream',
  );
}

/** Reads what a change is about, before it is made. */
function readerBefore<Context>(route: Route<Context>, group: Route<Context>[]): Route<Context>['before'] {
  if (effectOf(route) !== 'change') return undefined;
  if (route.before) return (call, context) => route.before!(call, context);
  const get = group.find(({ method }) => method === 'get');
  return get && !isStream(get) && route.method !== 'post'
    ? (call, context) => get.handle(call, context)
    : undefined;
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

/** Express gives a final `*path` as an array of segments. */
function pathParams({ params }: Request): { [name: string]: string } {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [value].flat().join('/')]));
}

function handler<Context extends { redis: Redis }>(
  route: Route<Context>,
  context: Context,
  before: Route<Context>['before'],
): RequestHandler {
  return async (request: Request, response: Response, next: NextFunction) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const caller = principalOf(response);
    const once = route.method === 'post' ? await beginOnce(context.redis, request, response) : null;
    if (once && 'text' in once) return sendReply(response, once);
    const call = {
      params: pathParams(request),
      query: response.locals['query'] as unknown,
      body: request.body as unknown,
      incoming: () => incomingOf(request),
      once: once?.id,
      signal: once ? new AbortController().signal : gone.signal,
      caller,
      request,
      response,
    };
    try {
      const notes = notesOf(response);
      if (before) notes.before = await Promise.resolve(before(call, context)).catch(() => undefined);
      const answer: unknown = await route.handle(call, context);
      notes.after = answer instanceof HttpReply ? answer.body : answer;
      if (response.headersSent) return await once?.forget();
      const reply = renderReply(shownTo(caller.rights, route.channels, answer));
      await once?.finish(reply);
      if (!gone.signal.aborted) sendReply(response, reply);
    } catch (error) {
      const reply = problemReply(error, request);
      // What failed in the server can be tried again.
      await (reply.status < 500 ? once?.finish(reply) : once?.forget());
      if (!gone.signal.aborted) next(error);
    }
  };
}
