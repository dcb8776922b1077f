import type { Settings } from '../../core/config.ts';
import { createLog } from '../../core/log.ts';
import { Presence, processInstance } from '../../core/presence.ts';
import { connect } from '../../core/redis.ts';
import { setupOf, SetupStore } from '../../core/setup.ts';
import { retrying } from './elsewhere.ts';
import { Host } from './host.ts';
import { serviceKinds } from './kinds.ts';
import { parsePartition } from './partition.ts';
import { plan, servicesOf } from './plan.ts';

/**
 * The analysis role: runs the services of the set-up, and follows its changes.
 * @throws failure when the configuration's own are wrong, or Redis can't be had
 */
export async function serve(settings: Settings): Promise<{ close(): Promise<void> }> {
  const log = createLog('analysis', settings.logLevel);
  const partition = settings.partition === null ? null : parsePartition(settings.partition);
  const kinds = await serviceKinds();
  const configured = setupOf(settings);
  for (const [name, config] of servicesOf(configured)) plan(name, config, kinds, settings.channels);
  const redis = await connect(settings.redisUrl, 'analysis');
  const started = new Date().toISOString();
  const host = new Host({ redis, kinds, channels: settings.channels, partition, log });
  const following = new SetupStore(redis, configured).follow((setup) => host.apply(setup));
  const retries = retrying(redis);
  const presence = new Presence(redis, () => ({
    name: 'analysis',
    role: 'analysis',
    state: 'running',
    instance: processInstance('analysis'),
    pid: process.pid,
    started,
  }));
  return {
    async close() {
      following.close();
      retries.close();
      await host.close();
      await presence.close();
      redis.disconnect();
    },
  };
}
