import { Option } from 'commander';
import { loadSettings, type Settings } from '../../core/settings/settings.ts';

/** What the options of commands that use Redis become. */
export interface RedisOptions {
  redis?: string;
  namespace?: string;
}

/** The option that names the Redis. `use`: what the command does with it. */
export function redisOption(use: string): Option {
  return new Option('--redis <url>', `the Redis to ${use} (default: REDIS_URL)`);
}

/** The option that says what our names in Redis begin with. */
export function namespaceOption(): Option {
  return new Option(
    '--namespace <name>',
    'what all names in Redis begin with (default: REPRISE_NAMESPACE, or none)',
  );
}

/** The settings of a command with these options. */
export function redisSettings({ redis, namespace }: RedisOptions): Settings {
  return loadSettings({ ...(redis && { redisUrl: redis }), ...(namespace !== undefined && { namespace }) });
}
