import type { Position } from '../../../../core/wire/event.ts';
import { Wiretap } from '../../../../core/redis/wiretap.ts';
import { LEASE_RENEWAL_MS, runWithLease } from '../lease-loop.ts';
import { LiveProcessor } from './live-processor.ts';
import { IDLE_POLL_MS, type RunnerParts } from '../runner-parts.ts';
import { ServiceLease } from '../service-lease.ts';

/** Number of lines that are handled before what they lead to is sent. */
const BATCH_MAX = 512;

/**
 * Runs a service on published events, for the lowest latency: it reads no log and keeps no state. It misses what is
 * published while it is away, so everything that it derives is marked `atmostonce`. It is never partitioned: one process
 * runs it, and the others stand by.
 */
export class LiveRunner {
  readonly name: string;
  readonly #parts: RunnerParts;
  readonly #lease: ServiceLease;
  readonly #processor: LiveProcessor;
  /** Lines that were heard and not handled yet. */
  #waiting: string[] = [];
  /** The handling of the lines that wait; null while there are none. */
  #draining: Promise<void> | null = null;
  #heardAt = performance.now();
  #isListening = false;
  #closed = false;
  #stop: (error?: unknown) => void = () => {};

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.#lease = new ServiceLease(parts.redis, parts.name, { takesOverAtOnce: false });
    this.#processor = new LiveProcessor(parts, (error) => this.#stop(error));
  }

  /** Number of input events that it did not hear. */
  get lost(): number {
    return this.#processor.lost;
  }

  /** The last event heard; null while it stands by. */
  get position(): Position | null {
    return this.#isListening ? this.#processor.position : null;
  }

  /** Runs until it is closed. @throws errors of the service, and problems with Redis that will not pass */
  async run(): Promise<void> {
    try {
      await runWithLease({
        name: this.name,
        lease: this.#lease,
        log: this.#parts.log,
        isClosed: () => this.#closed,
        acquire: () => this.#lease.acquire(),
        runOnce: () => this.#runOnce(),
        startingOver: 'starting over',
      });
    } finally {
      await this.#processor.close();
    }
  }

  /** Ends the run; another process can take over. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  /** Returns when it is closed or has lost the lease. @throws what went wrong */
  async #runOnce(): Promise<void> {
    const { redis, input } = this.#parts;
    await this.#processor.restart();
    const stopped = new Promise<void>((resolve, reject) => {
      this.#stop = (error) => (error instanceof Error ? reject(error) : resolve());
    });
    const renewals = setInterval(() => void this.#renew().catch(() => {}), LEASE_RENEWAL_MS);
    const polls = setInterval(() => void this.#idle().catch(this.#stop), IDLE_POLL_MS);
    const tap = await Wiretap.start(redis, [input], (_channel, message) => this.#hear(message.toString()));
    this.#isListening = true;
    if (this.#closed) this.#stop();
    try {
      await stopped;
    } finally {
      clearInterval(renewals);
      clearInterval(polls);
      tap.close();
      await this.#draining;
      await this.#processor.outputs.settled();
      this.#waiting = [];
      this.#isListening = false;
    }
  }

  /** Renews the lease; stops if another process has it. */
  async #renew(): Promise<boolean> {
    if (await this.#lease.acquire()) return true;
    this.#stop();
    return false;
  }

  /** Whether this process still has the lease. One that was suspended may have lost it: it would derive events twice. */
  async #mayContinue(): Promise<boolean> {
    return this.#lease.isValid || this.#renew();
  }

  #hear(line: string): void {
    this.#waiting.push(line);
    this.#heardAt = performance.now();
    this.#draining ??= this.#drain()
      .catch((error: unknown) => this.#stop(error))
      .finally(() => (this.#draining = null));
  }

  async #drain(): Promise<void> {
    // Lines that arrive together are handled together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      if (!(await this.#mayContinue())) return;
      await this.#processor.take(this.#waiting.splice(0, BATCH_MAX));
    }
  }

  async #idle(): Promise<void> {
    await this.#processor.idle(
      () => performance.now() - this.#heardAt,
      () => this.#draining !== null,
      () => this.#mayContinue(),
    );
  }
}
