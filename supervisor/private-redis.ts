import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from './backoff.ts';
import { freePort, isFree } from './ports.ts';
import { noteFile, redisPid, spawnRedis, type RedisNote, type RedisProcess } from './redis-process.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_PORT = 6379;
const GONE_POLL_MS = 20;
const GONE_LIMIT_MS = 10_000;

/** The Redis that `reprise up` starts for itself. When it dies, it is started again on its port, with its data. */
export class PrivateRedis {
  readonly port: number;
  readonly url: string;
  readonly #start: () => Promise<RedisProcess>;
  readonly #terminal: Terminal;
  readonly #stop = new AbortController();
  readonly #backoff = new Backoff();
  readonly #watching: Promise<void>;
  #redis: RedisProcess;

  private constructor(redis: RedisProcess, start: () => Promise<RedisProcess>, terminal: Terminal) {
    this.port = redis.port;
    this.url = redis.url;
    this.#redis = redis;
    this.#start = start;
    this.#terminal = terminal;
    this.#watching = this.#watch();
  }

  /** Starts it on the data in `dir`, on the default port or the next free one. @throws failure `redis_failed` */
  static async start(program: string, dir: string, terminal: Terminal): Promise<PrivateRedis> {
    await endLeftover(dir);
    const port = await freePort(DEFAULT_PORT);
    if (port !== DEFAULT_PORT) terminal.say(`Port ${DEFAULT_PORT} is taken: Redis listens on ${port}.`);
    const start = () => spawnRedis({ program, port, dir });
    return new PrivateRedis(await start(), start, terminal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#redis.stop();
    await this.#watching;
    // Stops one that was being started meanwhile.
    await this.#redis.stop();
  }

  kill(): void {
    this.#stop.abort();
    void this.#redis.kill();
  }

  async #watch(): Promise<void> {
    for (;;) {
      const startedMs = performance.now();
      let how = await this.#redis.ended;
      for (let again = false; !again && !this.#stop.signal.aborted;) {
        const delayMs = this.#backoff.next(performance.now() - startedMs);
        this.#terminal.warn('redis', `Redis ended (${how}); starting it again in ${delayMs / 1000} s.`);
        await sleep(delayMs, undefined, { signal: this.#stop.signal }).catch(() => {});
        if (this.#stop.signal.aborted) return;
        try {
          this.#redis = await this.#start();
          again = true;
        } catch (error) {
          how = (error as Error).message;
        }
      }
      if (this.#stop.signal.aborted) return;
      this.#terminal.say('Redis is back, with its data.');
    }
  }
}

/** Ends a Redis that is left from a supervisor that was killed, so that two never write one data folder. */
async function endLeftover(dir: string): Promise<void> {
  let noted: RedisNote;
  try {
    noted = JSON.parse(readFileSync(noteFile(dir), 'utf8')) as RedisNote;
  } catch {
    return;
  }
  // Asks it, because the process id may belong to another process by now.
  if ((await redisPid(noted.port)) === noted.pid) {
    process.kill(noted.pid, 'SIGTERM');
    // It closes the port last, when its data is on disk.
    for (let waitedMs = 0; !(await isFree(noted.port)); waitedMs += GONE_POLL_MS) {
      if (waitedMs === GONE_LIMIT_MS) process.kill(noted.pid, 'SIGKILL');
      await sleep(GONE_POLL_MS);
    }
  }
}
