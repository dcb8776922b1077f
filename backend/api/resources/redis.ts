import type { Redis } from '../../../core/redis/connection.ts';
import type { RedisFacts } from '../../../schemas/types.ts';
import { ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'redis',
  description: 'What everything meets in.',
  routes: [
    route({
      method: 'get',
      path: '/redis',
      summary: 'How Redis is',
      scope: 'read',
      responses: { 200: { description: 'As it says itself.', schema: ref('resources/redis') } },
      handle: (_call, { redis }) => factsOf(redis),
    }),
  ],
} satisfies Resource;

async function factsOf(redis: Redis): Promise<RedisFacts> {
  const [text, saves, keys] = await Promise.all([
    redis.info(),
    // Whoever runs it may have forbidden the question.
    redis.config('GET', 'save').catch(() => []),
    redis.dbsize(),
  ]);
  const told = new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name, value!]));
  const number = (name: string) => Number(told.get(name) ?? 0);
  const name = told.get('server_name') ?? 'redis';
  return {
    version: name === 'redis' ? told.get('redis_version')! : `${name} ${told.get(`${name}_version`) ?? ''}`,
    uptimeSeconds: number('uptime_in_seconds'),
    memoryBytes: number('used_memory'),
    memoryPeakBytes: number('used_memory_peak'),
    memoryMaxBytes: number('maxmemory') || null,
    clients: number('connected_clients'),
    commandsPerSecond: number('instantaneous_ops_per_sec'),
    keys,
    port: number('tcp_port') || null,
    keeps: number('aof_enabled') ? 'log' : (saves as string[])[1] ? 'snapshots' : 'nothing',
  };
}
