import { mkdir } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { sweepWorkFolders } from '../core/files/work-folder.ts';
import type { Closing } from '../core/runtime/closing.ts';
import type { Settings } from '../core/settings/settings.ts';
import { SetupFollower } from '../core/setup/config-watch.ts';
import { ProcessLog } from '../core/logging/log.ts';
import { Plugins } from '../core/plugins/plugins.ts';
import { Presence } from '../core/redis/presence.ts';
import { connect } from '../core/redis/connection.ts';
import { Responder } from '../core/redis/requests.ts';
import { listenToCommands } from './hosting/commands.ts';
import { Conversions } from './hosting/conversions.ts';
import { addFormats } from './reading/formats.ts';
import { ReplayHost } from './hosting/host.ts';
import { sayHello } from '../core/redis/server/hello.ts';
import { takeOver } from './hosting/takeover.ts';

/**
 * The replayer role: runs the replays that REST, the page and the supervisor ask for. When it closes it hands its replays
 * over to the next replayer, unless nobody is to resume them (`end`). A conversion under way is ended: its task asks
 * another replayer. A recorder (`reprise record`) is a process of its own and is not concerned.
 */
export async function serve(settings: Settings): Promise<{ close(reason?: Closing): Promise<void> }> {
  await mkdir(settings.recordings, { recursive: true });
  const logs = new ProcessLog('replayer', settings);
  const { log } = logs;
  const plugins = await Plugins.load(settings.plugins, log);
  logs.add(plugins.added('logSinks'));
  addFormats(plugins);
  const redis = await connect(settings, 'replayer');
  logs.keepIn(redis);
  const instance = `replayer-${hostname()}-${process.pid}`;
  const host = new ReplayHost({
    redis,
    instance,
    channels: settings.channels,
    folder: settings.recordings,
    log,
    limits: settings.quotas,
    plugins: settings.plugins,
  });
  const following = new SetupFollower({ redis, settings, log });
  const conversions = new Conversions({
    channels: settings.channels,
    plugins: settings.plugins,
    folder: settings.recordings,
    recordings: host.folder,
    limits: settings.quotas,
  });
  const sweepings = [settings.recordings, tmpdir()].map((folder) =>
    sweepWorkFolders(folder, (names) =>
      log.warn({ folder, names }, 'Removed what an ended process has left.'),
    ),
  );
  const verbs = { ...host.verbs, ...conversions.verbs };
  const responder = new Responder(redis, ['replayer', `replayer:${instance}`], verbs);
  const commands = listenToCommands(redis, host, log);
  const hello = sayHello(redis, instance);
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
  log.info('started');
  return {
    async close(reason) {
      following.close();
      for (const sweeping of sweepings) sweeping.close();
      takingOver.close();
      commands.close();
      hello.close();
      responder.close();
      await conversions.close();
      await (reason === 'end' ? host.close() : host.handOver());
      await presence.close();
      log.info('stopped');
      await logs.close();
      redis.disconnect();
    },
  };
}
