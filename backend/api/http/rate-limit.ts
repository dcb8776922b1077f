import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { RedisStore, type RedisReply } from 'rate-limit-redis';
import type { RateLimit } from '../../../schemas/types.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { principalOf } from './guard.ts';

/**
 * So many requests of one key, or of one address where there are no keys, in so many seconds, counted in Redis for all API
 * processes together; answers say what is left (`RateLimit`, draft 8 of the IETF's). While Redis is away nobody is held up.
 */
export function rateLimited(redis: Redis, { requests = 6_000, seconds = 60 }: RateLimit): RequestHandler {
  return rateLimit({
    windowMs: seconds * 1000,
    limit: requests,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    passOnStoreError: true,
    // A command would wait for it to come back.
    skip: () => redis.status !== 'ready',
    keyGenerator: (request, response) => {
      const { name } = principalOf(response);
      return name === 'anyone' ? ipKeyGenerator(request.ip ?? '') : `key:${name}`;
    },
    store: new RedisStore({
      prefix: keys.rateLimit,
      sendCommand: (command: string, ...args: string[]) =>
        redis.call(command, ...args) as Promise<RedisReply>,
    }),
    handler() {
      throw refusal('rate_limited', `More than ${requests} requests in ${seconds} s.`, {
        hint: 'The RateLimit header says when there is room again.',
      });
    },
  });
}
