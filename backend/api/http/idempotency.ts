import { createHash } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import { waitOut } from '../../../core/redis/wait-out.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { principalOf } from './guard.ts';

/** A stored response; `status` 0: the request is still being handled. */
interface StoredResponse {
  fingerprint: string;
  status: number;
  type: string;
  location: string;
  body: string;
}

const STORED_SECONDS = 86_400;
const PENDING_SECONDS = 60;
const KEY_MAX = 200;
const BODY_MAX = 1_000_000;

/**
 * The `Idempotency-Key` header (IETF draft-ietf-httpapi-idempotency-key-header): a POST that is repeated with the same key
 * within a day is done once and gets the same response. Runs after the body has been validated. Requests that failed in the
 * server (5xx) can be repeated.
 */
export function idempotent(redis: Redis): RequestHandler {
  return async (request, response, next) => {
    const given = request.get('Idempotency-Key');
    if (given === undefined) return next();
    if (given === '' || given.length > KEY_MAX)
      throw refusal('idempotency_key', `An Idempotency-Key must have 1 to ${KEY_MAX} characters.`);
    const key = keys.idempotency(digest(`${principalOf(response).name} ${request.originalUrl} ${given}`));
    const fingerprint = digest(JSON.stringify(request.body ?? null));
    const begun: StoredResponse = { fingerprint, status: 0, type: '', location: '', body: '' };
    if (await redis.set(key, JSON.stringify(begun), 'EX', PENDING_SECONDS, 'NX')) {
      storeResponse(response, redis, key, fingerprint);
      return next();
    }
    const stored = JSON.parse((await redis.get(key)) ?? 'null') as StoredResponse | null;
    if (stored && stored.fingerprint !== fingerprint)
      throw refusal('idempotency_mismatch', 'This Idempotency-Key was used for another request.', {
        hint: 'Use a new key for each request, and the same key only to repeat a request.',
      });
    if (!stored || stored.status === 0)
      throw refusal(
        'idempotency_under_way',
        'The request with this Idempotency-Key is still being handled.',
        {
          hint: 'Repeat the request later.',
        },
      );
    response.status(stored.status).set('Idempotent-Replayed', 'true').type(stored.type);
    if (stored.location !== '') response.set('Location', stored.location);
    response.send(stored.body);
  };
}

/** Stores the response once it is sent. Forgets the key if the response is not to be stored. */
function storeResponse(response: Response, redis: Redis, key: string, fingerprint: string): void {
  const send = response.send.bind(response);
  let isStored = false;
  response.send = (body?: unknown) => {
    const text = typeof body === 'string' ? body : '';
    if (response.statusCode < 500 && text.length <= BODY_MAX) {
      isStored = true;
      const stored: StoredResponse = {
        fingerprint,
        status: response.statusCode,
        type: response.get('Content-Type') ?? 'application/json',
        location: response.get('Location') ?? '',
        body: text,
      };
      // The request must not be done again because Redis was full when its response was to be stored.
      const store = () => redis.set(key, JSON.stringify(stored), 'EX', STORED_SECONDS);
      void waitOut(redis, store).catch(() => {});
    }
    return send(body);
  };
  response.on('close', () => {
    if (!isStored) void redis.del(key).catch(() => {});
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
