import type { RequestHandler, Response } from 'express';
import type { Effect } from './route.ts';
import type { Scope } from './scope.ts';

/** What somebody changed, or tried to. */
export interface Change {
  /** The name of the key; `anyone` where there are no keys. */
  who: string;
  scope: Scope;
  address: string;
  /** `PUT`; `SOCKET` for a message of a socket. */
  method: string;
  /** The path with its query. */
  path: string;
  /** What was there before, if that can be read; undefined: nothing. */
  before: unknown;
  /** What was answered. */
  after: unknown;
  /** Status of the answer; 0: the caller was gone before there was one. */
  status: number;
  /** The code of the problem, if it was refused or failed. */
  code: string | undefined;
}

/** Takes note of a change. Never throws. */
export type Auditor = (change: Change) => void;

/** What is known of a change while it is made. */
interface Notes {
  before?: unknown;
  after?: unknown;
}

/** Audits requests of a route that changes something, whatever becomes of them; those without a right key are only counted. */
export function auditing(
  { effect, audit }: { effect: Effect; audit: Auditor },
  callerOf: (response: Response) => Pick<Change, 'who' | 'scope' | 'address'>,
): RequestHandler {
  return (request, response, next) => {
    if (effect !== 'change') return next();
    response.on('close', () => {
      if (response.statusCode === 401) return;
      const { before, after } = notesOf(response);
      audit({
        ...callerOf(response),
        method: request.method,
        path: request.originalUrl,
        before,
        after,
        status: response.headersSent ? response.statusCode : 0,
        code: response.locals['problem'] as string | undefined,
      });
    });
    next();
  };
}

/** What is known of the change that a response answers; handlers of routes add to it. */
export function notesOf(response: Response): Notes {
  return (response.locals['audit'] ??= {}) as Notes;
}
