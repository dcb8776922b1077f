import { Argument, Option, type Command } from 'commander';
import { connect } from '../../core/redis/connection.ts';
import { startWarnings } from '../../core/redis/server/preflight.ts';
import { loadSettings, type Flags, type Settings } from '../../core/settings/settings.ts';
import { SignOfLife } from '../../core/files/sign-of-life.ts';
import { sentence } from '../../core/problems/errors.ts';
import { port } from '../../supervisor/options.ts';
import type { Closing } from '../../core/runtime/closing.ts';
import { LoopWatch } from '../../core/runtime/watch/loop-watch.ts';
import { END, PULSE, roleNames, roles, type RoleName } from '../../supervisor/roles.ts';

const CLOSE_LIMIT_MS = 5_000;

/** `reprise serve ROLE`: one role as one process, in the foreground, for containers and for `reprise up`. */
export default {
  name: 'serve',
  loadsPlugins: true,
  register(program: Command) {
    program
      .command('serve')
      .description('run one role as one process, for containers')
      .addArgument(new Argument('<role>', 'the role').choices(roleNames))
      .option('--redis-url <url>', 'the Redis to use (default: REDIS_URL)')
      .option('--namespace <name>', 'what all names in Redis begin with (default: REPRISE_NAMESPACE)')
      .option('--port <port>', 'port of the API and the page; 0: any (default: 3000)', port)
      .option('--host <address>', 'address that the API and the page listen on (default: 127.0.0.1)')
      .option('--recordings <folder>', 'folder with the recordings')
      .option('--data <folder>', "folder for Reprise's own files (default: .reprise)")
      .option(
        '--partition <i/n>',
        'analysis: run this share of each service, e.g. 2/3 (default: REPRISE_PARTITION)',
      )
      .addOption(new Option(`${PULSE} <fd>`).argParser(Number).hideHelp())
      .action(serve);
  },
};

async function serve(name: RoleName, { pulse, ...flags }: Flags & { pulse?: number }): Promise<void> {
  const settings = loadSettings(flags);
  const stopping = stopSignal();
  const watch = new LoopWatch().start({ ...settings, role: name, pulse: pulse ?? null });
  const alive = new SignOfLife(settings.data, name);
  const { serve: start } = await roles[name]();
  const role = await start(settings, watch);
  // Under a supervisor, that one has looked.
  if (!process.send) await warn(settings);
  process.send?.({ ready: true });
  const reason = await stopping;
  const limit = setTimeout(() => {
    process.stderr.write(`The ${name} role did not close within ${CLOSE_LIMIT_MS / 1000} s.\n`);
    process.exit(1);
  }, CLOSE_LIMIT_MS);
  try {
    await role.close(reason);
  } catch (error) {
    process.stderr.write(`The ${name} role did not close well: ${sentence(error)}\n`);
    process.exit(1);
  }
  clearTimeout(limit);
  alive.close();
  // What a library still holds open must not keep a closed role alive.
  process.exit(0);
}

/** Tells what is dangerous about the Redis. */
async function warn(settings: Settings): Promise<void> {
  const redis = await connect(settings, 'preflight', { writes: false });
  try {
    for (const said of await startWarnings(redis)) process.stderr.write(`${said}\n`);
  } finally {
    redis.disconnect();
  }
}

/**
 * Settles at the first SIGTERM or SIGINT, or when the supervisor is gone: then another process takes over. Settles with
 * `end` when the supervisor says so because everything ends. A second signal ends the process at once.
 */
function stopSignal(): Promise<Closing> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (reason: Closing) => {
      if (asked) process.exit(1);
      asked = true;
      resolve(reason);
    };
    const onSignal = () => stop('handover');
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    process.on('message', (message) => message === END && stop('end'));
    process.once('disconnect', () => asked || stop('handover'));
  });
}
