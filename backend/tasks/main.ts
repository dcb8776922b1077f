import type { Settings } from '../../core/settings/settings.ts';
import { ProcessLog } from '../../core/logging/log.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import { Presence, processInstance } from '../../core/redis/presence.ts';
import { LoopWatch } from '../../core/runtime/watch/loop-watch.ts';
import { connect } from '../../core/redis/connection.ts';
import { taskKinds } from './kind.ts';
import { TaskGuard } from './task-guard.ts';
import { TaskWorker } from './worker.ts';

/**
 * The tasks role: runs the tasks that callers have submitted.
 * @param watch ends the process when a task lets its event loop stand still
 * @throws failure if Redis is not available
 */
export async function serve(
  settings: Settings,
  watch = new LoopWatch(),
): Promise<{ close(): Promise<void> }> {
  const logs = new ProcessLog('tasks', settings);
  const { log } = logs;
  const plugins = await Plugins.load(settings.plugins, log);
  logs.add(plugins.added('logSinks'));
  const kinds = await taskKinds(plugins);
  const redis = await connect(settings, 'tasks');
  logs.keepIn(redis);
  const worker = new TaskWorker(redis, kinds, log, new TaskGuard(redis, watch, settings.stallLimitMs));
  const started = new Date().toISOString();
  const presence = new Presence(redis, () => ({
    name: 'tasks',
    role: 'tasks',
    state: 'running',
    instance: processInstance('tasks'),
    pid: process.pid,
    started,
  }));
  log.info('started');
  return {
    async close() {
      await worker.close();
      await presence.close();
      log.info('stopped');
      await logs.close();
      redis.disconnect();
    },
  };
}
