import type { Settings } from '../../core/config.ts';
import { createLog } from '../../core/log.ts';
import { Presence, processInstance } from '../../core/presence.ts';
import { connect } from '../../core/redis.ts';
import { taskKinds } from './kind.ts';
import { TaskWorker } from './worker.ts';

/** The tasks role: does what callers asked for and did not want to wait for. */
export async function serve(settings: Settings): Promise<{ close(): Promise<void> }> {
  const log = createLog('tasks', settings.logLevel);
  const kinds = await taskKinds();
  const redis = await connect(settings.redisUrl, 'tasks');
  const worker = new TaskWorker(redis, kinds, log);
  const started = new Date().toISOString();
  const presence = new Presence(redis, () => ({
    name: 'tasks',
    role: 'tasks',
    state: 'running',
    instance: processInstance('tasks'),
    pid: process.pid,
    started,
  }));
  return {
    async close() {
      await worker.close();
      await presence.close();
      redis.disconnect();
    },
  };
}
