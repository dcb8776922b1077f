import type { Redis } from 'ioredis';
import { failure, type RepriseError } from '../../problems/errors.ts';

/** What matters here of what a Redis says about itself. */
export interface ServerFacts {
  /** Such as Redis, Valkey, KeyDB or Dragonfly. */
  program: string;
  version: string;
  mode: string;
  /** `host:port` of the primary, where this one is a replica. */
  primary: string | null;
  maxMemory: number;
  usedMemory: number;
  /** Such as `noeviction`; '' if it does not say. */
  evictionPolicy: string;
  isLogged: boolean;
}

/** Redis Functions came with version 7. */
const OLDEST = 7;

/** Reads the facts with one INFO. */
export async function factsOf(redis: Redis): Promise<ServerFacts> {
  const text = await redis.info();
  const info = new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name!, value!]));
  const get = (name: string) => info.get(name) ?? '';
  const server = get('server_name');
  const program = info.has('dragonfly_version')
    ? 'Dragonfly'
    : server === 'valkey'
      ? 'Valkey'
      : /keydb/i.test(get('executable'))
        ? 'KeyDB'
        : 'Redis';
  return {
    program,
    version: get('valkey_version') || get('dragonfly_version') || get('redis_version') || 'unknown',
    mode: get('redis_mode') || 'standalone',
    primary: get('role') === 'slave' ? `${get('master_host')}:${get('master_port')}` : null,
    maxMemory: Number(get('maxmemory')),
    usedMemory: Number(get('used_memory')),
    evictionPolicy: get('maxmemory_policy'),
    isLogged: get('aof_enabled') === '1',
  };
}

/** Why Reprise can't use this Redis; null if it can. `at`: the URL as it is shown. `writes`: whether it has to write there. */
export function unusable(facts: ServerFacts, at: string, writes: boolean): RepriseError | null {
  const { program, version, mode, primary } = facts;
  if (program === 'KeyDB' || program === 'Dragonfly' || !(Number.parseInt(version, 10) >= OLDEST))
    return failure('redis_too_old', `The ${program} at ${at} is version ${version}.`, {
      hint: 'Reprise needs Redis 7 or newer (or Valkey) for Redis Functions.',
    });
  if (mode === 'cluster')
    return failure('redis_mode', `The ${program} at ${at} is a cluster, which Reprise can't use yet.`, {
      hint: 'Set REDIS_URL to a Redis without cluster mode (cluster-enabled no).',
    });
  if (mode === 'sentinel')
    return failure('redis_mode', `At ${at} is a Sentinel, which keeps no data.`, {
      hint: 'Set REDIS_URL to the primary that it watches (SENTINEL MASTERS names it).',
    });
  if (primary !== null && writes)
    return failure('redis_read_only', `The ${program} at ${at} is a read-only replica of ${primary}.`, {
      hint: `Set REDIS_URL to the primary, ${primary}.`,
    });
  return null;
}
