import { Redis } from 'ioredis';
import { failure } from '../problems/errors.ts';
import { passingReasonOf } from '../problems/passing.ts';
import type { FunctionName, ProtocolName } from '../lua/functions.ts';
import type { Arguments } from '../lua/layout.ts';
import { functionName, libraries, protocolName } from '../lua/library.ts';
import { keys, useNamespace } from '../wire/keys.ts';
import { errorsOf, guarded, isWithoutDatabase } from './server/database-guard.ts';
import { explained } from './server/explain.ts';
import { factsOf, unusable } from './server/facts.ts';
import { addressOf, shownUrl, type RedisPlace } from './server/place.ts';
import { missingRights } from './server/rights.ts';
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
    const unfit = unusable(await factsOf(redis), shownUrl(url), writes);
    if (unfit) throw unfit;
    const missing = writes ? await missingRights(redis, true) : [];
    if (missing.length > 0) throw noRights(url, missing);
    if (writes) await withRights(redis, url, () => loadFunctions(redis));
  } catch (cause) {
    const error = await whyNot(redis, url, cause, writes);
    redis.disconnect();
    throw error;
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

/** Loads our functions where this user may; where not, they must be there. */
async function withRights(redis: Redis, url: string, load: () => Promise<void>): Promise<void> {
  try {
    await load();
  } catch (error) {
    if (!/NOPERM|unknown command/i.test((error as Error).message)) throw error;
    const found = await redis.call('FCALL', functionName('note'), 0, 0).then(
      () => '',
      (answer: Error) => answer.message,
    );
    if (!/Function not found|NOPERM|unknown command/i.test(found)) return;
    if (/NOPERM/.test(found)) throw new Error(found, { cause: error });
    throw failure('redis_functions', `The Redis at ${shownUrl(url)} lets nobody here load functions.`, {
      hint: 'Grant the user +function|load, or first start a role whose user has it: functions stay in Redis.',
      cause: error,
    });
  }
}

/** The error that says why this Redis can't be used. */
async function whyNot(redis: Redis, url: string, cause: unknown, writes: boolean): Promise<Error> {
  if (isWithoutDatabase(redis)) return noDatabase(url);
  if (cause instanceof Error && cause.name === 'RepriseError') return cause;
  const said = (cause as Error).message;
  if (!/NOPERM/.test(said)) return explained(url, cause, errorsOf(redis));
  const missing = await missingRights(redis, writes).catch(() => []);
  return noRights(url, missing.length > 0 ? missing : [said], cause);
}

/** `missing`: what the user may not do. */
function noRights(url: string, missing: string[], cause?: unknown): Error {
  const { user } = addressOf(url);
  return failure(
    'redis_rights',
    `The user "${user ?? 'default'}" of the Redis at ${shownUrl(url)} may not do what is needed here: ${missing.join(', ')}.`,
    {
      hint: 'Grant it that (ACL SETUSER), or use another user in REDIS_URL; compose/users.acl is an example.',
      cause,
    },
  );
}

function noDatabase(url: string): Error {
  const { database } = addressOf(url);
  return failure('redis_database', `The Redis at ${shownUrl(url)} has no database ${database}.`, {
    hint: 'Databases count from 0, mostly to 15; REPRISE_NAMESPACE keeps several Reprises apart in one.',
  });
}
