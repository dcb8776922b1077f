import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { refusal, sentence } from '../../../core/problems/errors.ts';
import type { Logger } from '../../../core/logging/log.ts';
import { explain, validator } from '../../../schemas/index.ts';
import type { Keys } from '../../../schemas/types.ts';
import type { Scope } from './route.ts';

/** Who asks. */
export interface Principal {
  name: string;
  scope: Scope;
}

interface KeyEntry extends Principal {
  digest: Buffer;
  expiresMs: number;
}

const LOOK_MS = 1_000;
const SCOPES: Scope[] = ['read', 'control', 'admin'];

/** Whether a scope is enough for what asks for another: each holds those before it. */
export function covers(scope: Scope, wanted: Scope): boolean {
  return SCOPES.indexOf(scope) >= SCOPES.indexOf(wanted);
}

/**
 * The API keys: the one of the environment, which may do everything, and those of a file, which is read again when it
 * changes. A file that became wrong changes nothing, and is told to the log.
 */
export class Keyring {
  readonly #own: KeyEntry[];
  readonly #file: string | null;
  readonly #log: Logger;
  readonly #listeners = new Set<() => void>();
  #listed: KeyEntry[] = [];

  /** @throws refusal saying what is wrong with the file */
  constructor(apiKey: string | null, file: string | null, log: Logger) {
    this.#own =
      apiKey === null
        ? []
        : [{ name: 'REPRISE_API_KEY', scope: 'admin', digest: digest(apiKey), expiresMs: Infinity }];
    this.#file = file;
    this.#log = log;
    if (file === null) return;
    this.#listed = entriesOf(file);
    watchFile(file, { interval: LOOK_MS, persistent: false }, () => this.#reload(file));
  }

  /** Whether a key is needed at all. */
  get isKeyed(): boolean {
    return this.#file !== null || this.#own.length > 0;
  }

  /** Whose a key is; null: nobody's, or it has expired. Takes the same time whatever is given. */
  find(given: string): Principal | null {
    const asked = digest(given);
    const entries = [...this.#own, ...this.#listed];
    const found = entries.filter((entry) => timingSafeEqual(entry.digest, asked))[0];
    return found && found.expiresMs > Date.now() ? { name: found.name, scope: found.scope } : null;
  }

  /** Calls back when keys have come, gone or changed; call the answer to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#file !== null) unwatchFile(this.#file);
  }

  #reload(file: string): void {
    try {
      this.#listed = entriesOf(file);
    } catch (error) {
      return this.#log.error(`The keys stay as they are: ${sentence(error)}`);
    }
    this.#log.info({ keys: this.#listed.length }, 'keys read again');
    for (const listener of this.#listeners) listener();
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
  // Not the value: it holds secrets.
  if (!isKeys(value))
    throw refusal('keys_invalid', `${file}: ${explain(isKeys.errors, undefined)}.`, {
      hint: 'schemas/keys.json says what may stand there.',
    });
  const odd = value.keys.find(({ key, sha256 }) => (key === undefined) === (sha256 === undefined));
  if (odd) throw refusal('keys_invalid', `${file}: "${odd.name}" needs a key or its sha256, and not both.`);
  return value.keys.map(({ name, scope, key, sha256, expires }) => ({
    name,
    scope,
    digest: key === undefined ? Buffer.from(sha256!, 'hex') : digest(key),
    expiresMs: expires === undefined ? Infinity : Date.parse(expires),
  }));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
