import { join, relative } from 'node:path';
import { addressOf } from '../core/redis/server/place.ts';
import type { Settings } from '../core/settings/settings.ts';
import type { RoleName } from './roles.ts';

/** The address to open in a browser on this machine. */
export function pageUrl({ host, port }: Settings): string {
  const name = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/**
 * Where everything is, as rows of a name and what to open or type.
 * @param page the page's address, where the API does not serve it
 */
export function summaryRows(
  settings: Settings,
  roles: RoleName[],
  page?: string,
): [name: string, value: string][] {
  const url = pageUrl(settings);
  const logs = join(settings.data, 'logs');
  return [
    ...(roles.includes('api')
      ? ([
          ['Page', page ?? url],
          ['API', `${url}/docs`],
        ] as [string, string][])
      : []),
    [
      'Redis',
      `redis-cli ${target(settings.redisUrl)} subscribe ${settings.namespace && `${settings.namespace}:`}gps`,
    ],
    ['Logs', relative('.', logs).startsWith('..') ? logs : relative('.', logs)],
    ['Stop', 'Ctrl-C'],
  ];
}

/** The arguments that tell redis-cli which Redis; never with a password. */
function target(redisUrl: string): string {
  const { host, port, password, database, isTls } = addressOf(redisUrl);
  if (password !== null) return '-u "$REDIS_URL"';
  if (host !== '127.0.0.1' || isTls) return `-u ${redisUrl}`;
  return `-p ${port}${database === 0 ? '' : ` -n ${database}`}`;
}
