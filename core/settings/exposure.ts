import { refusal } from '../problems/errors.ts';

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];
const KEY_MIN = 16;
/** A text of one letter has 1, random hexadecimal digits about 13. */
const KEY_LETTERS_MIN = 6;
/** First parts of paths that the API has itself. */
const OWN_PATHS = ['api', 'docs', 'healthz', 'readyz', 'metrics', 'socket.io', 'v2'];

/** The settings that say who can reach the API. */
interface Exposure {
  host: string;
  apiKey: string | null;
  keys: string | null;
}

/** @throws refusal `host_open` if other machines could reach the API without a key */
export function refuseOpenHost({ host, apiKey, keys }: Exposure): void {
  if (LOOPBACK.includes(host) || apiKey !== null || keys !== null) return;
  throw refusal('host_open', `Listening on ${host} lets other machines in, and they need no key.`, {
    hint: 'Set REPRISE_API_KEY or REPRISE_API_KEYS, or leave the host at 127.0.0.1.',
  });
}

/** The key of the environment; null: none. @throws refusal `key_weak` if it could be guessed */
export function strongKey(key: string | undefined): string | null {
  if (key === undefined) return null;
  const problem =
    key.length < KEY_MIN
      ? `has ${key.length} characters, and needs at least ${KEY_MIN}`
      : new Set(key).size < KEY_LETTERS_MIN
        ? `repeats a few characters, and needs at least ${KEY_LETTERS_MIN} different ones`
        : null;
  if (problem === null) return key;
  throw refusal('key_weak', `REPRISE_API_KEY ${problem}: it could be guessed.`, {
    hint: 'Make one with `openssl rand -hex 24`, or `node -p "crypto.randomBytes(24).toString(\'hex\')"`.',
  });
}

/** The path before all paths, without a slash at its end; '' for the root. @throws refusal `config_invalid` */
export function basePathOf(path: string): string {
  const base = path.replace(/\/+$/, '');
  const [, first] = base.split('/');
  if (base === '') return base;
  const isPlain =
    /^(\/[\w~-][\w.~-]*)+$/.test(base) && base.length <= 200 && !OWN_PATHS.includes(first ?? '');
  if (isPlain) return base;
  throw refusal('config_invalid', `REPRISE_BASE_PATH=${JSON.stringify(path.slice(0, 200))} is not valid.`, {
    hint: `Write a path that begins with a slash, such as /reprise; not one of the API's own: ${OWN_PATHS.map((each) => `/${each}`).join(', ')}.`,
  });
}
