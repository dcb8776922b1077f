import { hostname } from 'node:os';
import { Argument, type Command } from 'commander';
import { loadSettings } from '../../core/settings/settings.ts';
import { failure } from '../../core/problems/errors.ts';
import { services } from '../../core/redis/presence.ts';
import { connect } from '../../core/redis/connection.ts';
import { roleNames, type RoleName } from '../../supervisor/roles.ts';

/** `reprise health ROLE`: whether the role on this host sends heartbeats, for the health checks of containers. */
export default {
  name: 'health',
  loadsPlugins: true,
  register(program: Command) {
    program
      .command('health')
      .description('exit with 0 if the role on this host is alive, with 1 if not')
      .addArgument(new Argument('<role>', 'the role').choices(roleNames))
      .action(check);
  },
};

async function check(role: RoleName): Promise<void> {
  const redis = await connect(loadSettings(), 'health', { writes: false });
  try {
    const here = (await services(redis)).filter(
      (service) => service.role === role && service.instance.includes(`-${hostname()}-`),
    );
    if (!here.some(({ state }) => state === 'running')) {
      throw failure('role_silent', `No ${role} on ${hostname()} has given a sign of life.`, {
        hint: `Start it with \`reprise serve ${role}\`.`,
      });
    }
    process.stdout.write(`The ${role} is alive.\n`);
  } finally {
    redis.disconnect();
  }
}
