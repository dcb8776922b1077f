import type { RequestHandler, Response } from 'express';
import { refusal, RepriseError } from '../../../core/problems/errors.ts';
import { covers, type Keyring, type Principal } from './keyring.ts';
import type { Scope } from './route.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Whoever comes where no key is asked for. */
const ANYONE: Principal = { name: 'anyone', scope: 'admin' };

/** Who may use the API: pages of our own and the configured origins, and those who have a key, if there are any. */
export class Guard {
  readonly #keyring: Keyring;
  readonly #origins: ReadonlySet<string>;

  constructor(keyring: Keyring, origins: string[]) {
    this.#keyring = keyring;
    this.#origins = new Set(origins);
  }

  /** Who has a key. @throws refusal `unauthorized` */
  identify(given: unknown): Principal {
    if (!this.#keyring.isKeyed) return ANYONE;
    const found = typeof given === 'string' ? this.#keyring.find(given) : null;
    if (found) return found;
    throw refusal(
      'unauthorized',
      given === undefined ? 'A key is needed here.' : 'The key is not the right one.',
      {
        hint: 'Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>` (Socket.IO: auth.token).',
      },
    );
  }

  /** Calls back once the key is nobody's any more; call the answer to stop. */
  watch(given: unknown, revoked: () => void): () => void {
    return this.#keyring.onChange(() => {
      if (typeof given !== 'string' || !this.#keyring.find(given)) revoked();
    });
  }

  /** A browser says which page asks; a program says nothing. @throws refusal `origin_refused` */
  checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined || this.#origins.has(origin) || hostOf(origin) === host) return;
    throw refusal('origin_refused', `Pages of ${origin.slice(0, 200)} may not do this.`, {
      hint: 'Add the origin to `origins` in config/reprise.json.',
    });
  }

  allows(origin: string): boolean {
    return this.#origins.has(origin);
  }
}

/** @throws refusal `scope_missing` */
export function requireScope({ name, scope }: Principal, wanted: Scope): void {
  if (covers(scope, wanted)) return;
  throw refusal('scope_missing', `The key "${name}" may ${scope}; this needs ${wanted}.`, {
    hint: 'Use a key of that scope.',
  });
}

/** Who asks, once `keyGuard` has let them in. */
export function principalOf(response: Response): Principal {
  return (response.locals['principal'] as Principal | undefined) ?? ANYONE;
}

/** Checks the key of a request; an answer that is still under way when its key is revoked is cut off. */
export function keyGuard(guard: Guard): RequestHandler {
  return (request, response, next) => {
    const bearer = /^Bearer (.+)$/i.exec(request.get('Authorization') ?? '')?.[1];
    const given = bearer ?? request.get('X-API-Key');
    try {
      response.locals['principal'] = guard.identify(given);
    } catch (error) {
      if (error instanceof RepriseError) response.set('WWW-Authenticate', 'Bearer realm="reprise"');
      throw error;
    }
    const stop = guard.watch(given, () => response.destroy());
    response.on('close', stop);
    next();
  };
}

/** Lets in whose key is of this scope. */
export function scopeGuard(wanted: Scope): RequestHandler {
  return (_request, response, next) => {
    requireScope(principalOf(response), wanted);
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
        'Access-Control-Expose-Headers':
          'ETag, Location, Retry-After, Preference-Applied, RateLimit, RateLimit-Policy, Idempotent-Replayed',
      });
      if (request.method === 'OPTIONS' && request.get('Access-Control-Request-Method')) {
        response.set({
          'Access-Control-Allow-Methods': 'GET, POST, PUT, PATCH, DELETE',
          'Access-Control-Allow-Headers':
            'Authorization, X-API-Key, Content-Type, Prefer, Last-Event-ID, If-None-Match, Idempotency-Key',
          'Access-Control-Max-Age': '600',
        });
        return void response.status(204).end();
      }
    }
    if (!SAFE.has(request.method)) guard.checkOrigin(origin, request.get('Host'));
    next();
  };
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
