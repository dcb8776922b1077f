import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { RedisStore, type RedisReply } from 'rate-limit-redis';
import type { RateLimit } from '../../../schemas/types.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import { healthOf } from '../../../core/redis/health.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { FrontDoor } from './access/front-door.ts';
import { principalOf } from './guard.ts';

/**
 * Limits the requests per time window of each key, or of each address if no keys are configured. They are counted in Redis for
 * all API processes together. Responses tell what is left (`RateLimit`, IETF draft 8). While Redis is away
 * or refuses, nothing is limited.
 */
export function rateLimited(
  redis: Redis,
  door: FrontDoor,
  { requests = 6_000, seconds = 60 }: RateLimit,
): RequestHandler {
  return rateLimit({
    windowMs: seconds * 1000,
    limit: requests,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    passOnStoreError: true,
    // A command would wait until Redis is back, or be refused.
    skip: () => redis.status !== 'ready' || healthOf(redis).refusal !== null,
    // It would look for proxies itself.
    validate: false,
    keyGenerator: (request, response) => {
      const { name } = principalOf(response);
      return name === 'anyone' ? ipKeyGenerator(door.addressOf(request)) : `key:${name}`;
    },
    store: new RedisStore({
      prefix: keys.rateLimit,
      sendCommand: (command: string, ...args: string[]) =>
        redis.call(command, ...args) as Promise<RedisReply>,
    }),
    handler() {
      throw refusal('rate_limited', `More than ${requests} requests in ${seconds} s were sent.`, {
        hint: 'The RateLimit header says when requests are allowed again.',
      });
    },
  });
}
