import { createHash } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { principalOf } from './guard.ts';

/** What is kept of an answer; `status` 0: it is under way. */
interface StoredAnswer {
  fingerprint: string;
  status: number;
  type: string;
  location: string;
  body: string;
}

const KEPT_SECONDS = 86_400;
const UNDER_WAY_SECONDS = 60;
const KEY_MAX = 200;
const BODY_MAX = 1_000_000;

/**
 * The `Idempotency-Key` header (IETF draft-ietf-httpapi-idempotency-key-header): a POST that is sent again with the same key
 * is answered as before, for a day, and done once. Stands behind the check of the body. What went wrong here (5xx) may be
 * tried again.
 */
export function idempotent(redis: Redis): RequestHandler {
  return async (request, response, next) => {
    const given = request.get('Idempotency-Key');
    if (given === undefined) return next();
    if (given === '' || given.length > KEY_MAX)
      throw refusal('idempotency_key', `An Idempotency-Key has 1 to ${KEY_MAX} characters.`);
    const key = keys.idempotency(digest(`${principalOf(response).name} ${request.originalUrl} ${given}`));
    const fingerprint = digest(JSON.stringify(request.body ?? null));
    const begun: StoredAnswer = { fingerprint, status: 0, type: '', location: '', body: '' };
    if (await redis.set(key, JSON.stringify(begun), 'EX', UNDER_WAY_SECONDS, 'NX')) {
      keep(response, redis, key, fingerprint);
      return next();
    }
    const kept = JSON.parse((await redis.get(key)) ?? 'null') as StoredAnswer | null;
    if (kept && kept.fingerprint !== fingerprint)
      throw refusal('idempotency_mismatch', 'This Idempotency-Key was used for something else.', {
        hint: 'Use a new one for each request, and the same only to send one again.',
      });
    if (!kept || kept.status === 0)
      throw refusal('idempotency_under_way', 'The request of this Idempotency-Key is under way.', {
        hint: 'Ask again when it may be done.',
      });
    response.status(kept.status).set('Idempotent-Replayed', 'true').type(kept.type);
    if (kept.location !== '') response.set('Location', kept.location);
    response.send(kept.body);
  };
}

/** Keeps the answer when it is given; forgets the key where there is none worth keeping. */
function keep(response: Response, redis: Redis, key: string, fingerprint: string): void {
  const send = response.send.bind(response);
  let isKept = false;
  response.send = (body?: unknown) => {
    const text = typeof body === 'string' ? body : '';
    if (response.statusCode < 500 && text.length <= BODY_MAX) {
      isKept = true;
      const kept: StoredAnswer = {
        fingerprint,
        status: response.statusCode,
        type: response.get('Content-Type') ?? 'application/json',
        location: response.get('Location') ?? '',
        body: text,
      };
      void redis.set(key, JSON.stringify(kept), 'EX', KEPT_SECONDS).catch(() => {});
    }
    return send(body);
  };
  response.on('close', () => {
    if (!isKept) void redis.del(key).catch(() => {});
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
