import { unwatchFile, watchFile } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../../schemas/types.ts';
import type { Settings } from '../settings/settings.ts';
import { ConfigFile } from '../settings/config-file.ts';
import { sentence } from '../problems/errors.ts';
import type { Logger } from '../logging/log.ts';
import type { Redis } from '../redis/connection.ts';
import { become, setupOf, SetupStore, type WholeSetup } from './setup.ts';

/** Looked at, not listened to: a file that a container mounts, or a disk elsewhere, tells of no changes. */
const LOOK_MS = 250;

/** What a process goes on with as it was at its start. */
const LATER = ['services', 'analytics', 'pipelines', 'plugins'] as const;

type Check = (config: Config, file: ConfigFile) => void;

/** The set-up of a process that runs, kept at what the configuration file says now and what was changed at run time. */
export class SetupFollower {
  readonly store: SetupStore;
  readonly #file: FileFollower;
  readonly #following: { close(): void };

  /**
   * `settings.channels` says from now on what the set-up says, so that whoever holds it knows. `changed` is called now and
   * after each change. `check` throws where a new file has what the schema can't tell to be wrong.
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
      become(settings.channels, setup.channels);
      await changed?.(setup);
    });
  }

  /** Why the file as it is now does not count; null: it does. */
  get problem(): string | null {
    return this.#file.problem;
  }

  close(): void {
    this.#file.close();
    this.#following.close();
  }
}

type Log = Pick<Logger, 'info' | 'error'>;

/** Takes channels and endpoints of the file when it changes. One that is broken changes nothing. */
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
        'The configuration was read again: channels and endpoints are as it says.',
      );
    } catch (error) {
      this.problem = `The configuration is broken, and the one before counts. ${sentence(error)}`;
      this.#log.error(this.problem);
    }
  };
}

/** A section without entries is none. */
const full = (section: object | undefined) =>
  section && Object.keys(section).length > 0 ? section : undefined;
