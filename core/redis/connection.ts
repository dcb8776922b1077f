import { Redis } from 'ioredis';
import { failure, refusal, sentence } from '../problems/errors.ts';
import { passingReasonOf } from '../problems/passing.ts';
import type { FunctionName, ProtocolName } from '../lua/functions.ts';
import type { Arguments } from '../lua/layout.ts';
import { functionName, internalLibrary, protocolLibrary } from '../lua/library.ts';
import { healthOf, shareHealth } from './health.ts';

export type { Redis };

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
 * @param name what the connection is called in Redis, after `reprise:`
 * @throws refusal `redis_url`; failure `redis_unreachable`, `redis_refused` or `redis_too_old`
 */
export async function connect(url: string, name: string): Promise<Redis> {
  const redis = open(url, name);
  try {
    await redis.connect();
    const found = /redis_version:([\d.]+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
    if (!(Number.parseInt(found, 10) >= 7)) {
      throw failure('redis_too_old', `The Redis at ${withoutPassword(url)} is version ${found}.`, {
        hint: 'Reprise needs Redis 7 or newer (or Valkey) for Redis Functions.',
      });
    }
    await loadFunctions(redis);
  } catch (cause) {
    redis.disconnect();
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
  copy.on('error', () => {});
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
  return withFunctions(redis, () => redis.call('FCALL', `reprise_${name}`, 0, ...args));
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

/** The URL with its password hidden, for messages. */
export function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]+@/, ':***@');
}

function open(url: string, name: string): Redis {
  if (!/^rediss?:\/\//.test(url)) {
    throw refusal('redis_url', `"${withoutPassword(url)}" is not a Redis URL.`, {
      hint: 'Write REDIS_URL as redis://host:6379.',
    });
  }
  const redis = new Redis(url, {
    lazyConnect: true,
    connectionName: `reprise:${name}`,
    connectTimeout: 3_000,
    commandTimeout: ANSWER_LIMIT_MS,
    // After a lost connection, commands wait and are sent again. Emitting and committing are safe to send twice.
    maxRetriesPerRequest: null,
    retryStrategy: () => null,
    enableReadyCheck: true,
    // How soon to ask a loading Redis again. Its own estimate may be off by ten seconds.
    maxLoadingRetryTime: 100,
  });
  // A lost connection shows in its status and its commands. An error event without a listener would end the process.
  redis.on('error', () => {});
  return redis;
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
    await redis.function('LOAD', internalLibrary);
  } catch (error) {
    if (!/already exists/.test((error as Error).message)) throw error;
  }
  await redis.function('LOAD', 'REPLACE', protocolLibrary);
}

function unreachable(url: string, cause: unknown): Error {
  const reason = sentence(cause).replace(/^Connection is closed\.?$/, 'no answer');
  if (/NOAUTH|WRONGPASS|NOPERM/.test(reason)) {
    return failure('redis_refused', `The Redis at ${withoutPassword(url)} refuses this user or password.`, {
      hint: 'Put them into REDIS_URL: redis://user:password@host:6379.',
      cause,
    });
  }
  return failure('redis_unreachable', `No Redis answers at ${withoutPassword(url)}.`, {
    hint: 'Start that Redis, or set REDIS_URL to another; without REDIS_URL, `npm start` brings its own.',
    cause,
  });
}
