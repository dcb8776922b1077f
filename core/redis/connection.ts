import { Redis } from 'ioredis';
import { failure, sentence } from '../problems/errors.ts';
import { passingReasonOf } from '../problems/passing.ts';
import type { FunctionName, ProtocolName } from '../lua/functions.ts';
import type { Arguments } from '../lua/layout.ts';
import { functionName, libraries, protocolName } from '../lua/library.ts';
import { keys, useNamespace } from '../wire/keys.ts';
import { guarded, isWithoutDatabase } from './server/database-guard.ts';
import { addressOf, shownUrl, withoutPassword, type RedisPlace } from './server/place.ts';
import { healthOf, shareHealth } from './health.ts';

export type { Redis, RedisPlace };

/** A server that accepts the connection but does not answer within this time is useless, or is not Redis at all. */
const ANSWER_LIMIT_MS = 5_000;
/** How often to connect anew at most because the server has become a replica. */
const MOVED_PAUSE_MS = 1_000;
/** Emitted by a connection that connects anew because its name may stand for another server now. */
const MOVED = 'reprise:moved';

type Reply = (number | string)[] | number;

/**
 * Connects to a Redis, checks its version, and loads our functions. Afterwards the connection reconnects by itself, and
 * commands wait for that.
 * @param where from now on, this process uses the names of this namespace; with a URL alone, the namespace stays
 * @param name what the connection is called in Redis, after `reprise:`
 * @param options.writes false for a command that only listens and looks: it loads no functions
 * @throws refusal `redis_url`; failure `redis_unreachable`, `redis_refused` or `redis_too_old`
 */
export async function connect(
  where: RedisPlace | string,
  name: string,
  { writes = true } = {},
): Promise<Redis> {
  if (typeof where !== 'string') useNamespace(where.namespace);
  const url = typeof where === 'string' ? where : where.redisUrl;
  const redis = open(url, name);
  try {
    await redis.connect();
    const found = /redis_version:([\d.]+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
    if (!(Number.parseInt(found, 10) >= 7)) {
      throw failure('redis_too_old', `The Redis at ${shownUrl(url)} is version ${found}.`, {
        hint: 'Reprise needs Redis 7 or newer (or Valkey) for Redis Functions.',
      });
    }
    if (writes) await loadFunctions(redis);
  } catch (cause) {
    redis.disconnect();
    if (isWithoutDatabase(redis)) throw noDatabase(url);
    throw cause instanceof Error && cause.name === 'RepriseError' ? cause : unreachable(url, cause);
  }
  delete redis.options.commandTimeout;
  redis.setMaxListeners(0);
  redis.options.reconnectOnError = watchRefusals(redis);
  redis.options.retryStrategy = (attempt) => Math.min(50 * 2 ** attempt, 1_000);
  return redis;
}

/** Another connection to the same Redis, for blocking reads or subscriptions. It reconnects by itself. */
export function duplicate(redis: Redis): Redis {
  const copy = redis.duplicate();
  shareHealth(redis, copy);
  const reconnect = () => copy.stream?.destroy();
  redis.on(MOVED, reconnect);
  copy.once('end', () => redis.off(MOVED, reconnect));
  return copy;
}

/**
 * Calls one of the functions of this release. If this Redis does not have them, because it is new or was flushed, it loads
 * them and calls again.
 * @param args what the layout of the function in core/lua/functions.ts encodes
 */
export async function callFunction(
  redis: Redis,
  name: FunctionName,
  keys: string[],
  { list }: Arguments,
): Promise<Reply> {
  const call = () => redis.call('FCALL', functionName(name), keys.length, ...keys, ...list) as Promise<Reply>;
  return withFunctions(redis, call);
}

/** Calls a function of the protocol, as a service in any language does (docs/protocol.md). It loads missing functions. */
export async function callProtocol(
  redis: Redis,
  name: ProtocolName,
  args: (string | number)[],
): Promise<unknown> {
  return withFunctions(redis, () => redis.call('FCALL', protocolName(name), 0, ...args));
}

async function withFunctions<T>(redis: Redis, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!/Function not found/.test((error as Error).message)) throw error;
    await loadFunctions(redis);
    return call();
  }
}

function open(url: string, name: string): Redis {
  const { database } = addressOf(url);
  const redis = new Redis(url, {
    db: database,
    lazyConnect: true,
    connectionName: keys.client(name),
    connectTimeout: 3_000,
    commandTimeout: ANSWER_LIMIT_MS,
    // After a lost connection, commands wait and are sent again. Emitting and committing are safe to send twice.
    maxRetriesPerRequest: null,
    retryStrategy: () => null,
    enableReadyCheck: true,
    // How soon to ask a loading Redis again. Its own estimate may be off by ten seconds.
    maxLoadingRetryTime: 100,
  });
  return guarded(redis);
}

/**
 * Looks at each error reply of a connection and its duplicates. A refusal that passes is told to the health of the
 * connection. A server that has become a replica makes all of them connect anew, because their name may stand for another
 * server by now. The callers get the error, and wait it out.
 */
function watchRefusals(redis: Redis): (error: Error) => false {
  let nextMs = -Infinity;
  return (error) => {
    const reason = passingReasonOf(error);
    if (!reason) return false;
    healthOf(redis).suspect();
    if (reason.code === 'redis_read_only' && performance.now() >= nextMs) {
      nextMs = performance.now() + MOVED_PAUSE_MS;
      redis.stream.destroy();
      redis.emit(MOVED);
    }
    return false;
  };
}

async function loadFunctions(redis: Redis): Promise<void> {
  try {
    await redis.function('LOAD', libraries().internal);
  } catch (error) {
    if (!/already exists/.test((error as Error).message)) throw error;
  }
  await redis.function('LOAD', 'REPLACE', libraries().protocol);
}

function unreachable(url: string, cause: unknown): Error {
  const reason = withoutPassword(sentence(cause), url).replace(/^Connection is closed\.?$/, 'no answer');
  if (/NOAUTH|WRONGPASS|NOPERM/.test(reason)) {
    return failure('redis_refused', `The Redis at ${shownUrl(url)} refuses this user or password.`, {
      hint: 'Put them into REDIS_URL: redis://user:password@host:6379.',
      cause,
    });
  }
  return failure('redis_unreachable', `No Redis answers at ${shownUrl(url)}.`, {
    hint: 'Start that Redis, or set REDIS_URL to another; without REDIS_URL, `npm start` brings its own.',
    cause,
  });
}

function noDatabase(url: string): Error {
  const { database } = addressOf(url);
  return failure('redis_database', `The Redis at ${shownUrl(url)} has no database ${database}.`, {
    hint: 'Databases count from 0, mostly to 15; REPRISE_NAMESPACE keeps several Reprises apart in one.',
  });
}
