import { Command, Redis } from 'ioredis';
import { failure, refusal, sentence } from '../problems/errors.ts';
import type { FunctionName, ProtocolName } from '../lua/functions.ts';
import type { Arguments } from '../lua/layout.ts';
import { functionName, internalLibrary, protocolLibrary } from '../lua/library.ts';

export type { Redis };

/** What listens there but does not answer for so long is no Redis, or one that is no use. */
const ANSWER_LIMIT_MS = 5_000;

type Reply = (number | string)[] | number;

/**
 * A connection that has been seen to answer, of a Redis new enough, with our functions loaded.
 * Afterwards it reconnects by itself, and commands wait for it.
 * @throws refusal for a wrong URL; failure for no answer, a wrong password, or a Redis that is too old
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
  redis.options.retryStrategy = (attempt) => Math.min(50 * 2 ** attempt, 1_000);
  return redis;
}

/** A further connection to the same Redis, for blocking reads or subscriptions. Reconnects by itself. */
export function duplicate(redis: Redis): Redis {
  const copy = redis.duplicate();
  copy.on('error', () => {});
  return copy;
}

/** Calls one of our functions, with what its layout in core/lua/functions.ts encodes; loads the library first where this Redis does not have it (a new or flushed one). */
export async function callFunction(
  redis: Redis,
  name: FunctionName,
  keys: string[],
  { list }: Arguments,
): Promise<Reply> {
  const command = () =>
    redis.call('FCALL', functionName(name), keys.length, ...keys, ...list) as Promise<Reply>;
  try {
    return await command();
  } catch (error) {
    if (!/Function not found/.test((error as Error).message)) throw error;
    await loadFunctions(redis);
    return command();
  }
}

/** Calls a function of the protocol, as a service in any language does; see docs/protocol.md. */
export async function callProtocol(
  redis: Redis,
  name: ProtocolName,
  args: (string | number)[],
): Promise<unknown> {
  const command = () => redis.call('FCALL', `reprise_${name}`, 0, ...args);
  try {
    return await command();
  } catch (error) {
    if (!/Function not found/.test((error as Error).message)) throw error;
    await loadFunctions(redis);
    return command();
  }
}

/** Whether a connection may suppress replies, as `callBytes` does: some proxies and access lists do not allow it. */
export async function canSuppressReplies(redis: Redis): Promise<boolean> {
  return redis.call('CLIENT', 'REPLY', 'ON').then(
    () => true,
    () => false,
  );
}

/**
 * Sends bytes that hold any number of commands, the first suppressing all replies and the last bringing them back: so
 * there is one, and the connection counts it as one command. `write` is called again when it is sent again.
 */
export function sendCommands(redis: Redis, write: () => Buffer): Promise<unknown> {
  const command = new Command('fcall', [], { replyEncoding: 'utf8' });
  command.toWritable = write;
  return redis.sendCommand(command) as Promise<unknown>;
}

/** The URL without its password, for messages. */
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
    // Commands outlive a lost connection: they wait, and are sent again. Emission and commit can bear being sent twice.
    maxRetriesPerRequest: null,
    retryStrategy: () => null,
    enableReadyCheck: true,
    // A Redis that loads its data is asked again so soon; its own guess at the time may be ten seconds off.
    maxLoadingRetryTime: 100,
  });
  redis.on('error', () => {}); // A lost connection shows in its commands and its status; without this it would end the process.
  return redis;
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
