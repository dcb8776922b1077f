import type { Redis } from 'ioredis';
import { keys } from '../../wire/keys.ts';

/** A command with sample arguments. */
type Sample = readonly [command: string, ...args: (string | number)[]];

/** A user that may not run one of these can read nothing. */
const reading = (): Sample[] => [
  ['INFO'],
  ['GET', keys.owner('sample')],
  ['EXISTS', keys.owner('sample')],
  ['SMEMBERS', keys.channels],
  ['SISMEMBER', keys.channels, 'sample'],
  ['HGET', keys.state('sample'), 'sample'],
  ['HMGET', keys.head('sample'), 'epoch'],
  ['HGETALL', keys.services],
  ['HVALS', keys.state('sample')],
  ['HKEYS', keys.consumers('sample')],
  ['HLEN', keys.state('sample')],
  ['XLEN', keys.log('sample')],
  ['XRANGE', keys.log('sample'), '-', '+'],
  ['XREVRANGE', keys.log('sample'), '+', '-'],
  ['XREAD', 'STREAMS', keys.log('sample'), '0'],
  ['PUBSUB', 'NUMSUB'],
];

const writing = (): Sample[] => [
  ['FCALL', 'sample', 0],
  ['PUBLISH', keys.messages('sample'), ''],
  ['PUBLISH', keys.status, ''],
  ['SET', keys.owner('sample'), ''],
  ['DEL', keys.state('sample')],
  ['SADD', keys.channels, 'sample'],
  ['HSET', keys.head('sample'), 'epoch', 0],
  ['HDEL', keys.services, 'sample'],
  ['HINCRBY', keys.head('sample'), 'own', 0],
  ['XADD', keys.log('sample'), '*', 'e', ''],
  ['XADD', keys.deadLetters, '*', 'd', ''],
  ['XADD', keys.logs, '*', 'level', ''],
  ['XTRIM', keys.log('sample'), 'MAXLEN', 1],
  ['TIME'],
];

/** One after the other, the commands of which the text tells that this user may not run them. */
export async function missingRights(redis: Redis, writes: boolean): Promise<string[]> {
  const samples = [...reading(), ...(writes ? writing() : [])];
  // Redis checks the rights when a command is queued, and DISCARD runs none of them.
  const connection = redis.duplicate({ lazyConnect: true, retryStrategy: () => null });
  try {
    await connection.connect();
    const asked = [['MULTI'], ...samples, ['DISCARD']].map(([command, ...args]) =>
      connection.call(command, ...args).then(
        () => null,
        (error: Error) => (/NOPERM/.test(error.message) ? describe(command, args, error.message) : null),
      ),
    );
    const missing = (await Promise.all(asked)).filter((each) => each !== null);
    await connection.subscribe(keys.status).catch((error: Error) => {
      if (/NOPERM/.test(error.message)) missing.push(describe('SUBSCRIBE', [keys.status], error.message));
    });
    return [...new Set(missing)];
  } finally {
    connection.disconnect();
  }
}

function describe(command: string, args: (string | number)[], message: string): string {
  const name = command === 'PUBSUB' ? `${command} ${args[0]}` : command;
  if (/channel/i.test(message)) return `the channel ${args[0]}`;
  if (/\bkeys?\b/i.test(message))
    return `${name} on the key ${args.find((each) => `${each}`.includes('reprise:')) ?? args[0]}`;
  return name;
}
