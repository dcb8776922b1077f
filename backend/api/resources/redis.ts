import { healthOf } from '../../../core/redis/health.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { RedisFacts } from '../../../schemas/types.ts';
import { ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'redis',
  description: 'The Redis server that all processes use.',
  routes: [
    route({
      method: 'get',
      path: '/redis',
      summary: 'Get figures of Redis',
      channels: 'none',
      scope: 'read',
      responses: { 200: { description: 'What Redis reports about itself.', schema: ref('resources/redis') } },
      handle: (_call, { redis }) => factsOf(redis),
    }),
  ],
} satisfies Resource;

async function factsOf(redis: Redis): Promise<RedisFacts> {
  const [text, saves, size] = await Promise.all([
    redis.info(),
    // The command may be forbidden by an access list.
    redis.config('GET', 'save').catch(() => []),
    redis.dbsize(),
  ]);
  const info = new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value!]));
  const number = (name: string) => Number(info.get(name) ?? 0);
  const name = info.get('server_name') ?? 'redis';
  return {
    namespace: keys.namespace,
    version: name === 'redis' ? info.get('redis_version')! : `${name} ${info.get(`${name}_version`) ?? ''}`,
    uptimeSeconds: number('uptime_in_seconds'),
    memoryBytes: number('used_memory'),
    memoryPeakBytes: number('used_memory_peak'),
    memoryMaxBytes: number('maxmemory') || null,
    clients: number('connected_clients'),
    commandsPerSecond: number('instantaneous_ops_per_sec'),
    keys: size,
    port: number('tcp_port') || null,
    refusal: healthOf(redis).refusal,
    keeps: number('aof_enabled') ? 'log' : (saves as string[])[1] ? 'snapshots' : 'nothing',
  };
}
