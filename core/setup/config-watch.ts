import { unwatchFile, watchFile } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../schemas/types.ts';
import type { Settings } from '../settings/settings.ts';
import { ConfigFile } from '../settings/config-file.ts';
import { sentence } from '../problems/errors.ts';
import type { Logger } from '../logging/log.ts';
import type { Redis } from '../redis/connection.ts';
import { replaceMembers, setupOf, SetupStore, type WholeSetup } from './setup.ts';

/** The file is polled, because mounted files and network disks send no change events. */
const LOOK_MS = 250;

/** Sections of the file that take effect at the next start only. */
const LATER = ['services', 'analytics', 'pipelines', 'plugins'] as const;

type Check = (config: Config, file: ConfigFile) => void;

/** Keeps the set-up of a running process equal to the configuration file and the changes made at run time. */
export class SetupFollower {
  readonly store: SetupStore;
  readonly #file: FileFollower;
  readonly #following: { close(): void };

  /**
   * Keeps `settings.channels` up to date in place, for everybody who holds it. Calls `changed` now and after each change.
   * `check` throws if a new file has an error that its schema can't find.
   */
  constructor(parts: {
    redis: Redis;
    settings: Settings;
    log: Log;
    changed?: (setup: WholeSetup) => Promise<void>;
    check?: Check;
  }) {
    const { redis, settings, log, changed, check } = parts;
    this.store = new SetupStore(redis, setupOf(settings));
    this.#file = new FileFollower(settings, this.store, log, check ?? (() => {}));
    this.#following = this.store.follow(async (setup) => {
      replaceMembers(settings.channels, setup.channels);
      await changed?.(setup);
    });
  }

  /** Why the current file is not in use; null: it is. */
  get problem(): string | null {
    return this.#file.problem;
  }

  close(): void {
    this.#file.close();
    this.#following.close();
  }
}

type Log = Pick<Logger, 'info' | 'error'>;

/** Takes over channels and endpoints when the file changes. A broken file changes nothing. */
class FileFollower {
  problem: string | null = null;
  readonly #settings: Settings;
  readonly #store: SetupStore;
  readonly #log: Log;
  readonly #check: Check;
  #text: string;

  constructor(settings: Settings, store: SetupStore, log: Log, check: Check) {
    this.#settings = settings;
    this.#store = store;
    this.#log = log;
    this.#check = check;
    this.#text = settings.file?.text ?? '';
    if (settings.file) watchFile(settings.file.path, { interval: LOOK_MS, persistent: false }, this.#look);
  }

  close(): void {
    if (this.#settings.file) unwatchFile(this.#settings.file.path, this.#look);
  }

  readonly #look = (): void => {
    try {
      const file = ConfigFile.read(this.#settings.file!.path);
      if (file.text === this.#text) return;
      this.#text = file.text;
      const config = file.config();
      this.#check(config, file);
      const { channels, endpoints } = config;
      this.#store.rebase(setupOf({ ...this.#settings, channels, endpoints }));
      this.problem = null;
      const later = LATER.filter(
        (name) => !isDeepStrictEqual(full(config[name]), full(this.#settings[name])),
      );
      this.#log.info(
        { file: file.path, ...(later.length > 0 && { fromNextStart: later }) },
        'The configuration was read again: its channels and endpoints are in use now.',
      );
    } catch (error) {
      this.problem = `The configuration file is broken; the previous one stays in use. ${sentence(error)}`;
      this.#log.error(this.problem);
    }
  };
}

/** Treats a section without entries like a missing one. */
const full = (section: object | undefined) =>
  section && Object.keys(section).length > 0 ? section : undefined;
