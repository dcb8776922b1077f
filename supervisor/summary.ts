import { join, relative } from 'node:path';
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
    ['Redis', `redis-cli ${target(settings.redisUrl)} subscribe gps`],
    ['Logs', relative('.', logs).startsWith('..') ? logs : relative('.', logs)],
    ['Stop', 'Ctrl-C'],
  ];
}

/** The arguments that tell redis-cli which Redis; never with a password. */
function target(redisUrl: string): string {
  const { hostname, port, password, pathname } = new URL(redisUrl);
  if (password) return '-u "$REDIS_URL"';
  if (hostname !== '127.0.0.1' || pathname.length > 1) return `-u ${redisUrl}`;
  return `-p ${port || 6379}`;
}
