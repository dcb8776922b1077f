import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runningFile, type Running, type Settings } from '../core/settings/settings.ts';
import { failure, sentence } from '../core/problems/errors.ts';
import { ProcessLog } from '../core/logging/log.ts';
import { connect, type Redis } from '../core/redis/connection.ts';
import { Demo } from './demo.ts';
import { preflight } from './preflight.ts';
import { PrivateRedis } from './private-redis.ts';
import { redisServer } from './redis-server.mjs';
import type { RoleName } from './roles.ts';
import { stopSignals } from './signals.ts';
import { pageUrl, summaryRows } from './summary.ts';
import { Supervisor } from './supervisor.ts';
import { startWarnings } from '../core/redis/server/preflight.ts';
import type { Terminal } from './terminal.ts';

export interface UpOptions {
  roles: RoleName[];
  demo: boolean;
  terminal: Terminal;
  /** Starts what `npm run dev` adds. The roles then report the files they import. */
  companion?: (up: { settings: Settings; supervisor: Supervisor }) => Promise<Companion>;
}

/** What runs beside the roles, and is closed before they are. */
export interface Companion {
  /** The page's address, instead of the API's. */
  page: string;
  close(): Promise<void>;
}

const INTERRUPTED = 130;
/** A process whose event loop stands still ends itself, and says why. The supervisor ends one that can't. */
const GRACE_MS = 1_000;

/**
 * Runs everything on this machine until it is asked to stop: Redis if none is given, the roles as processes, and
 * the demo. When it returns or throws, all of them have ended.
 * @throws refusal or failure that says in one sentence what is in the way: another `up`, a port, Redis
 */
export async function up(given: Settings, options: UpOptions): Promise<void> {
  const settings = await preflight(given, options.roles);
  const parts = new Parts(settings, options);
  const signals = stopSignals(() => {
    parts.kill();
    process.exit(INTERRUPTED);
  });
  try {
    await parts.start();
    const missing = await Promise.race([parts.started(), signals.stopped]);
    if (missing) parts.present(missing);
    await signals.stopped;
    options.terminal.say('Stopping …');
  } finally {
    await parts.stop();
    signals.release();
  }
}

/** Everything that runs. The parts start one after the other, so any of them may be missing yet. */
class Parts {
  readonly #settings: Settings;
  readonly #options: UpOptions;
  #server: PrivateRedis | null = null;
  #redis: Redis | null = null;
  #supervisor: Supervisor | null = null;
  #demo: Demo | null = null;
  #logs: ProcessLog | null = null;
  #companion: Companion | null = null;

  constructor(settings: Settings, options: UpOptions) {
    this.#settings = settings;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { roles, terminal, demo, companion } = this.#options;
    const { data, redisGiven, stallLimitMs } = this.#settings;
    makeFolder(data);
    if (!redisGiven) {
      this.#server = await PrivateRedis.start(findRedis(terminal), join(data, 'redis'), terminal);
      this.#settings.redisUrl = this.#server.url;
    }
    const redis = (this.#redis = await connect(this.#settings, 'supervisor'));
    if (redisGiven) for (const said of await startWarnings(redis)) terminal.warn('redis', said);
    this.#note();
    // These logs go into a file: the terminal is for people.
    const logs = (this.#logs = new ProcessLog(
      'supervisor',
      this.#settings,
      join(data, 'logs', 'supervisor.log'),
    ));
    logs.keepIn(redis);
    logs.log.info({ roles }, 'started');
    this.#supervisor = new Supervisor({
      redis,
      roles,
      flags: this.#flags(),
      logs: join(data, 'logs'),
      log: logs.log,
      terminal,
      silenceMs: stallLimitMs && stallLimitMs + GRACE_MS,
      reportsImports: companion !== undefined,
    });
    this.#supervisor.start();
    this.#companion = (await companion?.({ settings: this.#settings, supervisor: this.#supervisor })) ?? null;
    if (demo && roles.includes('replayer') && this.#settings.demo.length > 0) {
      this.#demo = new Demo({ settings: this.#settings, redis, terminal });
      this.#demo.run(this.#supervisor);
    }
  }

  /** Settles when each role that the page needs serves or has failed once; answers those that do not serve. */
  started(): Promise<RoleName[]> {
    return this.#supervisor!.started();
  }

  /** Prints where everything is. */
  present(missing: RoleName[]): void {
    const { roles, terminal } = this.#options;
    const without = missing.length > 0 ? `, without ${missing.join(' and ')} yet` : '';
    terminal.summary(`Reprise is up${without}.`, summaryRows(this.#settings, roles, this.#companion?.page));
  }

  /** Ends everything in order: the processes that write, then Redis. */
  async stop(): Promise<void> {
    await this.#companion?.close();
    await this.#demo?.close();
    await this.#supervisor?.stop();
    this.#logs?.log.info('stopped');
    await this.#logs?.close();
    this.#redis?.disconnect();
    await this.#server?.stop();
    if (this.#redis) rmSync(runningFile(this.#settings.data), { force: true });
  }

  /** Ends everything at once. */
  kill(): void {
    this.#supervisor?.kill();
    this.#server?.kill();
    rmSync(runningFile(this.#settings.data), { force: true });
  }

  /** Notes what runs, for other commands on this machine. Only the owner may read it: a URL can hold a password. */
  #note(): void {
    const { data, redisUrl, namespace } = this.#settings;
    const url = this.#options.roles.includes('api') ? pageUrl(this.#settings) : '';
    const noted: Running = { pid: process.pid, redisUrl, namespace, url };
    writeFileSync(runningFile(data), `${JSON.stringify(noted)}\n`, { mode: 0o600 });
  }

  /** What the roles can't read from the environment or the configuration. Never a password: other users could see it. */
  #flags(): string[] {
    const { port, host, data, recordings, redisUrl, namespace } = this.#settings;
    const flags = ['--port', `${port}`, '--host', host, '--data', data, '--recordings', recordings];
    if (namespace !== '') flags.push('--namespace', namespace);
    return this.#server ? [...flags, '--redis-url', redisUrl] : flags;
  }
}

function findRedis(terminal: Terminal): string {
  try {
    return redisServer(terminal.say);
  } catch (error) {
    throw failure('redis_missing', sentence(error));
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw failure('data_folder', `The folder ${path} can't be made: ${(cause as Error).message}.`, {
      hint: 'Point REPRISE_DATA to one that can be written to.',
      cause,
    });
  }
}
