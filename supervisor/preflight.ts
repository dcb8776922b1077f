import { readFileSync } from 'node:fs';
import { running, type Settings } from '../core/settings/settings.ts';
import { failure, refusal } from '../core/problems/errors.ts';
import { refuseOpenHost } from '../core/settings/exposure.ts';
import { freePort, isFree } from './ports.ts';
import type { RoleName } from './roles.ts';

/**
 * Refuses what can't work before anything is started. Answers the settings, with a free port for port 0.
 * @throws refusal `already_up` or `host_open`, failure `port_taken`
 */
export async function preflight(settings: Settings, roles: RoleName[]): Promise<Settings> {
  const other = running(settings.data);
  if (other && isUp(other.pid)) {
    throw refusal(
      'already_up',
      `Reprise is up already (process ${other.pid}${other.url && `, ${other.url}`}).`,
      {
        hint: 'Stop that one first, or give this one a folder of its own with REPRISE_DATA.',
      },
    );
  }
  if (!roles.includes('api')) return settings;
  const { host, port } = settings;
  refuseOpenHost(settings);
  if (port === 0) return { ...settings, port: await freePort(0, host) };
  if (await isFree(port, host)) return settings;
  throw failure('port_taken', `Port ${port} of ${host} is taken by another program.`, {
    hint: 'Stop that one, or choose another port with --port (or REPRISE_PORT).',
  });
}

/** Whether the noted process still runs Reprise: after a reboot its id may be another's, or this process's own. */
function isUp(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('reprise');
  } catch {
    return process.platform !== 'linux';
  }
}
