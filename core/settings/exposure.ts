import type { Settings } from './settings.ts';
import { refusal } from '../problems/errors.ts';

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** @throws refusal `host_open` if other machines could reach the API without a key */
export function refuseOpenHost({ host, apiKey, keys }: Pick<Settings, 'host' | 'apiKey' | 'keys'>): void {
  if (LOOPBACK.includes(host) || apiKey !== null || keys !== null) return;
  throw refusal('host_open', `Listening on ${host} lets other machines in, and they need no key.`, {
    hint: 'Set REPRISE_API_KEY or REPRISE_API_KEYS, or leave the host at 127.0.0.1.',
  });
}
