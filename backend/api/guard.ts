import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';
import { refusal, RepriseError } from '../../core/errors.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Who may use the API: pages of our own and the configured origins, and those who know the key, if there is one. */
export class Guard {
  readonly #key: Buffer | null;
  readonly #origins: ReadonlySet<string>;

  constructor(apiKey: string | null, origins: string[]) {
    this.#key = apiKey === null ? null : digest(apiKey);
    this.#origins = new Set(origins);
  }

  /** @throws refusal `unauthorized` */
  checkKey(given: unknown): void {
    if (!this.#key) return;
    // Digests have one length, so that the comparison takes the same time whatever was given.
    if (typeof given === 'string' && timingSafeEqual(digest(given), this.#key)) return;
    throw refusal(
      'unauthorized',
      401,
      given === undefined ? 'A key is needed here.' : 'The key is not the right one.',
      {
        hint: 'Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>` (Socket.IO: auth.token).',
      },
    );
  }

  /** A browser says which page asks; a program says nothing. @throws refusal `origin_refused` */
  checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined || this.#origins.has(origin) || hostOf(origin) === host) return;
    throw refusal('origin_refused', 403, `Pages of ${origin.slice(0, 200)} may not do this.`, {
      hint: 'Add the origin to `origins` in config/reprise.json.',
    });
  }

  allows(origin: string): boolean {
    return this.#origins.has(origin);
  }
}

/** Checks the key of a request. */
export function keyGuard(guard: Guard): RequestHandler {
  return (request, response, next) => {
    const bearer = /^Bearer (.+)$/i.exec(request.get('Authorization') ?? '')?.[1];
    try {
      guard.checkKey(bearer ?? request.get('X-API-Key'));
    } catch (error) {
      if (error instanceof RepriseError) response.set('WWW-Authenticate', 'Bearer realm="reprise"');
      throw error;
    }
    next();
  };
}

/** Lets pages of the configured origins in (CORS), and keeps others from changing anything. */
export function originGuard(guard: Guard): RequestHandler {
  return (request, response, next) => {
    const origin = request.get('Origin');
    response.vary('Origin');
    if (origin !== undefined && guard.allows(origin)) {
      response.set({
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Expose-Headers': 'ETag, Location, Retry-After, Preference-Applied',
      });
      if (request.method === 'OPTIONS' && request.get('Access-Control-Request-Method')) {
        response.set({
          'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
          'Access-Control-Allow-Headers':
            'Authorization, X-API-Key, Content-Type, Prefer, Last-Event-ID, If-None-Match',
          'Access-Control-Max-Age': '600',
        });
        return void response.status(204).end();
      }
    }
    if (!SAFE.has(request.method)) guard.checkOrigin(origin, request.get('Host'));
    next();
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
