import { refusal } from '../../problems/errors.ts';

/** Where the keys and channels of a Reprise are. */
export interface RedisPlace {
  redisUrl: string;
  /** What all its names in Redis begin with; '' for nothing. */
  namespace: string;
}

/** What a Redis URL says. */
export interface RedisAddress {
  host: string;
  port: number;
  isTls: boolean;
  /** null: the default user. */
  user: string | null;
  password: string | null;
  database: number;
}

const PORT = 6379;
const FORM = 'Write REDIS_URL as redis://user:password@host:6379/0, or rediss:// for TLS.';

/**
 * Reads a Redis URL.
 * @throws refusal `redis_url` that says what is wrong with it
 */
export function addressOf(url: string): RedisAddress {
  const wrong = (what: string, hint = FORM) => refusal('redis_url', `"${shownUrl(url)}" ${what}.`, { hint });
  if (!/^rediss?:\/\//.test(url)) throw wrong('is not a Redis URL');
  if (!URL.canParse(url))
    throw wrong(
      'is not a valid URL',
      `${FORM} In a password, write @ as %40, / as %2F, : as %3A and # as %23.`,
    );
  const { protocol, hostname, port, username, password, pathname, searchParams, hash } = new URL(url);
  if (hostname === '') throw wrong('names no host');
  if (hash !== '') throw wrong('has a #', 'In a password, write # as %23.');
  const database = pathname.replace(/^\//, '') || (searchParams.get('db') ?? '0');
  if (!/^\d{1,9}$/.test(database))
    throw wrong('names no database number', 'After the host comes a number from 0 up: redis://host:6379/0.');
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || PORT),
    isTls: protocol === 'rediss:',
    user: decoded(username) || null,
    password: decoded(password) || searchParams.get('password') || null,
    database: Number(database),
  };

  function decoded(text: string): string {
    try {
      return decodeURIComponent(text);
    } catch {
      throw wrong('has a % that begins no code', 'In a password, write % as %25.');
    }
  }
}

/** A Redis URL for messages, with its password hidden. */
export function shownUrl(url: string): string {
  return url
    .replace(/^([a-z]*:?\/\/)?([^:@/]*):.*@/is, '$1$2:***@')
    .replace(/([?&]\w*password=)[^&]*/gi, '$1***');
}

/** A text without the password of a URL, for messages of others. */
export function withoutPassword(text: string, url: string): string {
  const raw = /:\/\/[^:@/]*:(.*)@/s.exec(url)?.[1];
  let clear: string | undefined;
  try {
    clear = raw && decodeURIComponent(raw);
  } catch {
    // It is not percent-encoded.
  }
  let shown = text.replaceAll(url, shownUrl(url));
  for (const secret of [raw, clear]) if (secret) shown = shown.replaceAll(secret, '***');
  return shown;
}
