import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { RedisPlace } from '../../../core/redis/connection.ts';

const SAID_MAX = 2_000;
const LINES_MAX = 10;

/** A service that was started with a shell command, and can be killed with everything it has started. */
export class ServiceProcess {
  readonly #command: string;
  readonly #environment: string[];
  #child: ChildProcess | null = null;
  #said = '';

  /** The command gets the place as REDIS_URL and REPRISE_NAMESPACE. */
  constructor(command: string, { redisUrl, namespace }: RedisPlace) {
    this.#command = command;
    this.#environment = [`REDIS_URL=${redisUrl}`, `REPRISE_NAMESPACE=${namespace}`];
  }

  start(): void {
    const child = spawn('env', [...this.#environment, 'sh', '-c', this.#command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-SAID_MAX);
      });
  }

  /** The last text it wrote, where it has ended by itself; null while it runs. */
  get end(): string | null {
    const isOver = this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null;
    return isOver ? this.#said.trim() : null;
  }

  /** The last lines it wrote, to standard output and error. */
  get said(): string[] {
    const lines = this.#said.split(/\r?\n/).map((line) => line.trimEnd());
    return lines.filter((line) => line !== '').slice(-LINES_MAX);
  }

  /** kill -9, with its children. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL');
  }

  /** SIGTERM, and SIGKILL for what is left after 3 s. */
  async stop(): Promise<void> {
    await Promise.race([
      this.#signal('SIGTERM'),
      new Promise((resolve) => setTimeout(resolve, 3_000).unref()),
    ]);
    await this.kill();
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child?.pid || this.end !== null) return;
    const gone = once(child, 'exit');
    process.kill(-child.pid, signal);
    await gone;
  }
}
