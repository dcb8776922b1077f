import type { RequestHandler, Response } from 'express';
import { refusal, RepriseError } from '../../../core/problems/errors.ts';
import { covers, type Keyring, type Principal } from './keyring.ts';
import type { FrontDoor } from './access/front-door.ts';
import type { Scope } from './route.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Every caller while no keys are configured. */
const ANYONE: Principal = { name: 'anyone', scope: 'admin' };

/** Decides who may use the API by key. If no keys are configured, everybody may do everything. */
export class Guard {
  readonly #keyring: Keyring;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  /** The owner of a key. @throws refusal `unauthorized` */
  identify(given: unknown): Principal {
    if (!this.#keyring.isKeyed) return ANYONE;
    const found = typeof given === 'string' ? this.#keyring.find(given) : null;
    if (found) return found;
    throw refusal(
      'unauthorized',
      given === undefined ? 'This needs an API key.' : 'The API key is unknown or has expired.',
      {
        hint: 'Send it as `Authorization: Bearer <key>` or `X-API-Key: <key>` (Socket.IO: auth.token).',
      },
    );
  }

  /** Calls back once the key is revoked; call the returned function to stop. */
  watch(given: unknown, revoked: () => void): () => void {
    return this.#keyring.onChange(() => {
      if (typeof given !== 'string' || !this.#keyring.find(given)) revoked();
    });
  }
}

/** Checks that a key includes a scope. @throws refusal `scope_missing` */
export function requireScope({ name, scope }: Principal, wanted: Scope): void {
  if (covers(scope, wanted)) return;
  throw refusal('scope_missing', `The key "${name}" has the scope ${scope}; this needs ${wanted}.`, {
    hint: 'Use a key with that scope.',
  });
}

/** The caller of a request that `keyGuard` has let pass. */
export function principalOf(response: Response): Principal {
  return (response.locals['principal'] as Principal | undefined) ?? ANYONE;
}

/** Checks the key of a request. If the key is revoked during the response, the connection is closed. */
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

/** Lets requests pass whose key includes this scope. */
export function scopeGuard(wanted: Scope): RequestHandler {
  return (_request, response, next) => {
    requireScope(principalOf(response), wanted);
    next();
  };
}

/** Refuses unknown hosts. @throws refusal `host_refused` */
export function hostGuard(door: FrontDoor): RequestHandler {
  return (request, _response, next) => {
    door.checkHost(request);
    next();
  };
}

/** Allows pages of the configured origins (CORS), and keeps other pages from changing anything. */
export function originGuard(door: FrontDoor): RequestHandler {
  return (request, response, next) => {
    const origin = request.get('Origin');
    response.vary('Origin');
    if (origin !== undefined && door.allows(origin)) {
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
    if (!SAFE.has(request.method)) door.checkCause(request);
    next();
  };
}

/** Keeps pages of other origins away from routes that do something although they are safe by their method. */
export function causeGuard(door: FrontDoor): RequestHandler {
  return (request, _response, next) => {
    door.checkCause(request);
    next();
  };
}
