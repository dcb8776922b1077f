import type { NextFunction, Request, Response } from 'express';
import type { ErrorObject } from 'ajv';
import type { RefusalCode } from '../../../core/problems/codes.ts';
import { asRepriseError, refusal, RepriseError, shownError } from '../../../core/problems/errors.ts';
import type { Logger } from '../../../core/logging/log.ts';
import type { Problem } from '../../../schemas/types.ts';
import type { RenderedReply } from './route.ts';

/** The path that a proxy serves the API at; '' for the root. */
export function basePathOf(of: Request | Response): string {
  return (of.app.locals['basePath'] as string | undefined) ?? '';
}

/** The problem document (RFC 9457) of whatever was thrown. Details of unexpected errors go to the log only. */
export function problemReply(thrown: unknown, request: Request): RenderedReply {
  const error = translate(thrown, request);
  const { retryAfter } = extraOf(error);
  // For the metrics and the audit trail.
  if (request.res) request.res.locals['problem'] = error.code;
  const base = basePathOf(request);
  const problem = shownError(error).toProblem(base + request.originalUrl);
  const type = problem.type.startsWith('/') ? base + problem.type : problem.type;
  return {
    status: error.status,
    headers: {
      'Content-Type': 'application/problem+json; charset=utf-8',
      ...(error.status === 503 && { 'Retry-After': '1' }),
      ...(typeof retryAfter === 'number' && { 'Retry-After': String(retryAfter) }),
    },
    text: JSON.stringify({ ...problem, type, ...extraOf(error) }),
  };
}

/** Sends an answer. */
export function sendReply(response: Response, { status, headers, text }: RenderedReply): void {
  response.status(status).set(headers);
  const location = headers['Location'];
  if (location?.startsWith('/')) response.set('Location', basePathOf(response) + location);
  if (headers['Content-Type'] === undefined) response.end();
  else response.send(text);
}

/** The code of the problem that a request was answered with; undefined: it was none. */
export function problemOf(response: Response): string | undefined {
  return response.locals['problem'] as string | undefined;
}

/** Adds members to the problem document of an error (RFC 9457, section 3.2). */
export function refusalWith(error: RepriseError, members: { [name: string]: unknown }): RepriseError {
  return Object.assign(error, { members });
}

function extraOf(error: RepriseError): { [name: string]: unknown } {
  return (error as RepriseError & { members?: { [name: string]: unknown } }).members ?? {};
}

/** The last middleware: turns whatever was thrown into a problem document. */
export function problemHandler(log: Logger) {
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const error = translate(thrown, request);
    if (error.status >= 500) {
      log[error.kind === 'invariant' ? 'error' : 'warn'](
        {
          method: request.method,
          url: request.path,
          code: error.code,
          err: error.kind === 'invariant' ? thrown : undefined,
        },
        error.message,
      );
    }
    // Part of the response has been sent already; closing the connection is the only way to signal the error.
    if (response.headersSent) response.destroy();
    else sendReply(response, problemReply(thrown, request));
  };
}

/** Refuses a path that no route has. @throws refusal `route_unknown` */
export function notFound(request: Request): never {
  throw refusal(
    'route_unknown',
    `There is no ${request.method} ${(request.baseUrl + request.path).slice(0, 200)}.`,
    {
      hint: 'GET /api/v1/openapi.json lists what there is; /docs shows it.',
    },
  );
}

/** Validation errors as a refusal. `place`: `#` for the body (pointers are JSON pointers), `?` for the query, `{}` for the path. */
export function validationRefusal(errors: ErrorObject[], place: '#' | '?' | '{}'): RepriseError {
  const listed = meant(errors).map((error) => describe(error, place));
  const what = { '#': 'body', '?': 'query', '{}': 'path' }[place];
  const { pointer } = listed[0]!;
  const details = listed.filter((each) => each.pointer === pointer).map(({ detail }) => detail);
  const isChoice = listed.length < errors.length;
  return refusal(
    'request_invalid',
    `The ${what} is not valid: ${pointer} ${details.join(isChoice ? ', or ' : ', ')}.`,
    {
      hint: '/docs describes what is expected.',
      errors: listed,
    },
  );
}

/** With `oneOf` or `anyOf` every branch reports errors. Keeps those of the branch that matched most deeply, as it was likely meant. */
function meant(errors: ErrorObject[]): ErrorObject[] {
  const tried = errors.filter(({ keyword }) => keyword !== 'oneOf' && keyword !== 'anyOf');
  if (tried.length === errors.length || tried.length === 0) return errors;
  const depth = ({ instancePath }: ErrorObject) => instancePath.split('/').length;
  const deepest = Math.max(...tried.map(depth));
  return tried.filter((error) => depth(error) === deepest);
}

function describe(
  { instancePath, keyword, params, message }: ErrorObject,
  place: string,
): NonNullable<Problem['errors']>[number] {
  const named = params as { missingProperty?: string; additionalProperty?: string };
  const path =
    instancePath +
    ((named.missingProperty ?? named.additionalProperty)
      ? `/${named.missingProperty ?? named.additionalProperty}`
      : '');
  const pointer = place === '#' ? `#${path}` : `${place === '?' ? '?' : ''}${path.slice(1)}`;
  const detail =
    keyword === 'required'
      ? 'is missing'
      : keyword === 'additionalProperties'
        ? 'is not known'
        : keyword === 'enum'
          ? `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
          : keyword === 'const'
            ? `must be ${JSON.stringify(params['allowedValue'])}`
            : (message ?? keyword);
  return { pointer, detail };
}

/** The codes for statuses of the middleware libraries; for any other status the request can't be read. */
const CODES: { [status: number]: RefusalCode } = {
  404: 'route_unknown',
  412: 'precondition_failed',
  413: 'body_too_large',
  415: 'body_type',
  416: 'range_unsatisfiable',
};

/** Turns errors of the middleware libraries into ours. */
function translate(thrown: unknown, request: Request): RepriseError {
  if (thrown instanceof RepriseError) return thrown;
  const { status, type, limit } = thrown as { status?: number; type?: string; limit?: number };
  if (type === 'entity.too.large') return tooLarge(limit ?? 0);
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') {
    return refusal('body_type', `${(thrown as Error).message}.`, {
      hint: 'Send UTF-8, plain or compressed with gzip.',
    });
  }
  if (thrown instanceof URIError)
    return refusal('url_malformed', `The path can't be decoded: ${request.path.slice(0, 200)}`);
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return refusal(CODES[status] ?? 'request_malformed', `${(thrown as Error).message}.`);
  }
  return asRepriseError(thrown);
}

/** The refusal of a body beyond its limit. */
export function tooLarge(limitBytes: number): RepriseError {
  return refusal('body_too_large', `The body is larger than ${Math.round(limitBytes / 1e5) / 10} MB.`, {
    hint: 'Send it in smaller parts.',
  });
}
