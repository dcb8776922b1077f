import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { refusal, sentence } from '../../../core/problems/errors.ts';
import type { Logger } from '../../../core/logging/log.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { Keys } from '../../../schemas/types.ts';
import { ChannelRights } from './access/channel-rights.ts';
import type { Scope } from './scope.ts';

/** The caller that a key belongs to. */
export interface Principal {
  name: string;
  scope: Scope;
  rights: ChannelRights;
}

interface KeyEntry extends Principal {
  digest: Buffer;
  expiresMs: number;
}

const ofEnvironment: Principal = {
  name: 'REPRISE_API_KEY',
  scope: 'admin',
  rights: new ChannelRights('REPRISE_API_KEY'),
};
const LOOK_MS = 1_000;
/** Node.js can't wait longer than this at once. */
const TIMER_MAX_MS = 2_147_483_647;
const SCOPES: Scope[] = ['read', 'control', 'admin'];

/** Whether a scope includes another one: each scope includes those before it. */
export function covers(scope: Scope, wanted: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(wanted);
}

/**
 * The API keys: the one of the environment, which has the scope admin, and those of a file, which is read again when it
 * changes. A file that becomes invalid changes nothing; the log tells why.
 */
export class Keyring {
  readonly #own: KeyEntry[];
  readonly #file: string | null;
  readonly #log: Logger;
  readonly #listeners = new Set<() => void>();
  #listed: KeyEntry[] = [];
  #expiry: NodeJS.Timeout | undefined;

  /** @throws refusal `keys_invalid` */
  constructor(apiKey: string | null, file: string | null, log: Logger) {
    this.#own = apiKey === null ? [] : [{ ...ofEnvironment, digest: digest(apiKey), expiresMs: Infinity }];
    this.#file = file;
    this.#log = log;
    if (file === null) return;
    this.#listed = entriesOf(file);
    this.#awaitExpiry();
    watchFile(file, { interval: LOOK_MS, persistent: false }, () => this.#reload(file));
  }

  /** Whether any keys are configured. */
  get isKeyed(): boolean {
    return this.#file !== null || this.#own.length > 0;
  }

  /** The owner of a key; null if it is unknown or has expired. Takes the same time for all keys. */
  find(given: string): Principal | null {
    const wanted = digest(given);
    const entries = [...this.#own, ...this.#listed];
    const found = entries.filter((entry) => timingSafeEqual(entry.digest, wanted))[0];
    return found && found.expiresMs > Date.now() ? found : null;
  }

  /** Calls back when the keys have changed: by their file, or because one has expired; call the returned function to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    clearTimeout(this.#expiry);
    if (this.#file !== null) unwatchFile(this.#file);
  }

  #reload(file: string): void {
    try {
      this.#listed = entriesOf(file);
    } catch (error) {
      return this.#log.error(`The keys stay unchanged: ${sentence(error)}`);
    }
    this.#log.info({ keys: this.#listed.length }, 'keys read again');
    this.#awaitExpiry();
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Tells the listeners when the next key expires. */
  #awaitExpiry(): void {
    clearTimeout(this.#expiry);
    const next = Math.min(...this.#listed.map(({ expiresMs }) => expiresMs).filter((ms) => ms > Date.now()));
    if (next === Infinity) return;
    // Timers can be a millisecond early.
    const waitMs = Math.min(next - Date.now() + 1, TIMER_MAX_MS);
    this.#expiry = setTimeout(() => {
      this.#awaitExpiry();
      this.#tell();
    }, waitMs).unref();
  }
}

function entriesOf(file: string): KeyEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw refusal('keys_invalid', `${file}: ${(cause as Error).message}.`, { cause });
  }
  const isKeys = validator<Keys>('keys');
  // The message does not quote the value: it holds secrets.
  if (!isKeys(value))
    throw refusal('keys_invalid', `${file}: ${explain(isKeys.errors, undefined)}.`, {
      hint: 'schemas/keys.json describes the file.',
    });
  const odd = value.keys.find(({ key, sha256 }) => (key === undefined) === (sha256 === undefined));
  if (odd) throw refusal('keys_invalid', `${file}: "${odd.name}" needs either a key or its sha256.`);
  return value.keys.map(({ name, scope, key, sha256, expires, channels, writes }) => ({
    name,
    scope,
    rights: new ChannelRights(name, channels, writes),
    digest: key === undefined ? Buffer.from(sha256!, 'hex') : digest(key),
    expiresMs: expires === undefined ? Infinity : Date.parse(expires),
  }));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
