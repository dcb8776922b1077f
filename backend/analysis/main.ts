import type { Settings } from '../../core/settings/settings.ts';
import { withPlace, definitionOf } from '../../core/settings/config-file.ts';
import { SetupFollower } from '../../core/setup/config-watch.ts';
import { ProcessLog } from '../../core/logging/log.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import { Presence, processInstance } from '../../core/redis/presence.ts';
import { LoopWatch } from '../../core/runtime/watch/loop-watch.ts';
import { connect } from '../../core/redis/connection.ts';
import { setupOf } from '../../core/setup/setup.ts';
import { startRetries } from './hosting/external-services.ts';
import { Host } from './hosting/host.ts';
import { serviceKinds } from './hosting/registry.ts';
import { parsePartition } from './running/partition.ts';
import { plan, servicesOf } from './hosting/plan.ts';

/**
 * The analysis role: runs the services of the set-up, and follows its changes.
 * @param watch ends the process when a service works on one event for too long
 * @throws refusal if a service of the configuration is not valid; failure if Redis is not available
 */
export async function serve(
  settings: Settings,
  watch = new LoopWatch(),
): Promise<{ close(): Promise<void> }> {
  const logs = new ProcessLog('analysis', settings);
  const { log } = logs;
  const partition = settings.partition === null ? null : parsePartition(settings.partition);
  const plugins = await Plugins.load(settings.plugins, log);
  logs.add(plugins.added('logSinks'));
  const kinds = await serviceKinds(plugins);
  for (const [name, config] of servicesOf(setupOf(settings)))
    withPlace(settings.file, definitionOf(settings, name), () =>
      plan(name, config, kinds, settings.channels),
    );
  const redis = await connect(settings, 'analysis');
  logs.keepIn(redis);
  const started = new Date().toISOString();
  const metricSinks = plugins.added('metricSinks');
  const { channels, eventBudgetMs: budgetMs } = settings;
  const budget = { watch, budgetMs };
  const host = new Host({ redis, kinds, channels, partition, log, metricSinks, budget });
  const following = new SetupFollower({ redis, settings, log, changed: (setup) => host.apply(setup) });
  const retries = startRetries(redis);
  const presence = new Presence(redis, () => ({
    name: 'analysis',
    role: 'analysis',
    state: 'running',
    instance: processInstance('analysis'),
    pid: process.pid,
    started,
  }));
  log.info('started');
  return {
    async close() {
      following.close();
      retries.close();
      await host.close();
      await presence.close();
      log.info('stopped');
      await logs.close();
      redis.disconnect();
    },
  };
}
