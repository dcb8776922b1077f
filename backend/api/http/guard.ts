import type { RequestHandler, Response } from 'express';
import { refusal, RepriseError } from '../../../core/problems/errors.ts';
import { covers, type Keyring, type Principal } from './keyring.ts';
import type { Connections } from './access/connections.ts';
import type { Guesses } from './guesses.ts';
import type { FrontDoor } from './access/front-door.ts';
import { ChannelRights, requireChannels } from './access/channel-rights.ts';
import { effectOf, type Route } from './route.ts';
import type { Scope } from './scope.ts';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/** Every caller while no keys are configured. */
const ANYONE: Principal = { name: 'anyone', scope: 'admin', rights: new ChannelRights('anyone') };

/** Decides who may use the API by key. If no keys are configured, everybody may do everything. */
export class Guard {
  readonly #keyring: Keyring;

  readonly #guesses: Guesses;

  constructor(keyring: Keyring, guesses: Guesses) {
    this.#keyring = keyring;
    this.#guesses = guesses;
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

  /**
   * The owner of the key that somebody at this address gives. Wrong keys are counted.
   * @throws refusal `unauthorized`, `guesses_too_many`
   */
  async admit(given: unknown, address: string): Promise<Principal> {
    if (!this.#keyring.isKeyed) return ANYONE;
    const found = typeof given === 'string' ? this.#keyring.find(given) : null;
    if (found) this.#guesses.right(address, found.name);
    else if (typeof given === 'string') await this.#guesses.wrong(address, given);
    return this.identify(given);
  }

  /** Calls back when keys have changed or expired: with the owner of this one, or null; call the returned function to stop. */
  watch(given: unknown, changed: (owner: Principal | null) => void): () => void {
    if (!this.#keyring.isKeyed) return () => {};
    return this.#keyring.onChange(() =>
      changed(typeof given === 'string' ? this.#keyring.find(given) : null),
    );
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

/** Checks the key of a request. If the key loses the right to it during the response, the connection is closed. */
export function keyGuard(guard: Guard, door: FrontDoor): RequestHandler {
  return async (request, response, next) => {
    const bearer = /^Bearer (.+)$/i.exec(request.get('Authorization') ?? '')?.[1];
    const given = bearer ?? request.get('X-API-Key');
    try {
      response.locals['principal'] = await guard.admit(given, door.addressOf(request));
    } catch (error) {
      if (error instanceof RepriseError && error.status === 401)
        response.set('WWW-Authenticate', 'Bearer realm="reprise"');
      throw error;
    }
    const stop = guard.watch(given, (owner) => {
      if (!owner || !rightsOf(response).every((allows) => allows(owner))) response.destroy();
    });
    response.on('close', stop);
    next();
  };
}

/** Lets requests pass whose key includes this scope. */
export function scopeGuard(wanted: Scope): RequestHandler {
  return (_request, response, next) => {
    require(response, (caller) => requireScope(caller, wanted));
    next();
  };
}

/** Lets requests pass whose key is not limited to other channels. */
export function channelGuard({
  channels,
  ...route
}: Pick<Route<never>, 'channels' | 'method' | 'effect'>): RequestHandler {
  const toWrite = effectOf(route) !== 'none';
  return (request, response, next) => {
    const params = request.params as { [name: string]: string };
    require(response, ({ rights }) => requireChannels(rights, channels, { params, toWrite }));
    next();
  };
}

/** Checks a right of the caller, now and whenever keys change while the response is open. @throws what the check throws */
function require(response: Response, check: (caller: Principal) => void): void {
  check(principalOf(response));
  rightsOf(response).push((owner) => {
    try {
      check(owner);
      return true;
    } catch {
      return false;
    }
  });
}

function rightsOf(response: Response): ((owner: Principal) => boolean)[] {
  return (response.locals['rights'] ??= []) as ((owner: Principal) => boolean)[];
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

/** Limits the streams that a caller holds open. */
export function connectionGuard(connections: Connections, door: FrontDoor): RequestHandler {
  return (request, response, next) => {
    const { name } = principalOf(response);
    response.on('close', connections.take(callerKey(name, door.addressOf(request))));
    next();
  };
}

/** By what a caller is counted: the key, or the address where there are no keys. */
export function callerKey(name: string, address: string): string {
  return name === ANYONE.name ? address : `key:${name}`;
}

/** The caller of a request, for the audit trail. */
export function whoOf(response: Response, door: FrontDoor): { who: string; scope: Scope; address: string } {
  const { name, scope } = principalOf(response);
  return { who: name, scope, address: door.addressOf(response.req) };
}
