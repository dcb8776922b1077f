import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Settings } from '../core/config.ts';
import { createLog } from '../core/log.ts';
import { Presence } from '../core/presence.ts';
import { connect } from '../core/redis.ts';
import { Responder } from '../core/requests.ts';
import { listenToCommands } from './commands.ts';
import { ReplayHost } from './host.ts';
import { takeOver } from './takeover.ts';

/** The replayer role: runs the replays that REST, the page and the supervisor ask for. */
export async function serve(settings: Settings): Promise<{ close(): Promise<void> }> {
  await mkdir(settings.recordings, { recursive: true });
  const log = createLog('replayer', settings.logLevel);
  const redis = await connect(settings.redisUrl, 'replayer');
  const instance = `replayer-${hostname()}-${process.pid}`;
  const host = new ReplayHost({
    redis,
    instance,
    channels: settings.channels,
    folder: settings.recordings,
    log,
  });
  const responder = new Responder(redis, ['replayer', `replayer:${instance}`], host.verbs);
  const commands = listenToCommands(redis, host);
  const takingOver = takeOver(host, redis, log);
  const started = new Date().toISOString();
  const presence = new Presence(redis, () => ({
    name: 'replayer',
    role: 'replayer',
    state: 'running',
    instance,
    pid: process.pid,
    started,
  }));
  return {
    async close() {
      takingOver.close();
      commands.close();
      responder.close();
      await host.close();
      await presence.close();
      redis.disconnect();
    },
  };
}
