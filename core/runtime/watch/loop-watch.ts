import inspector from 'node:inspector';
import { Worker } from 'node:worker_threads';
import { WORDS, watchMemory, type WatchMemory } from './memory.mjs';

/** One kind of work that a watched part does in one go. `$0` to `$3` in its texts stand for the numbers given at its begin. */
export interface Activity {
  /** The field of the hash in which it is counted that this work stood still. */
  field: string;
  /** What was done, as a sentence without its end: `The service "a" worked on the event x/$0/$1`. */
  text: string;
}

/** A part of the process whose work must not take longer than a time limit. */
export interface Watched {
  /** Name of the part, for the log. */
  name: string;
  /** What the connection that counts is called in Redis. */
  client: string;
  /** The key of a hash in Redis: there it is counted how often which work stood still. */
  key: string;
  activities: readonly Activity[];
  /** What happens to the work that stood still once, and the second time; each a sentence. */
  consequences: readonly [first: string, second: string];
  /** How long one piece of work may take. 0: as long as it likes. */
  limitMs: number;
}

export interface LoopWatchOptions {
  /** Name of the process, for the log. */
  role: string;
  redisUrl: string;
  /** How long the event loop may stand still, and how long a service may work on one event. 0: as long as it likes. */
  stallLimitMs: number;
  eventBudgetMs: number;
  /** A pipe that gets a byte several times a second while the process is alive; null: nobody listens. */
  pulse: number | null;
}

const TURN_MS = 100;

/**
 * Watches the thread of this process from a second thread. When a piece of work, or the event loop, stands still for longer
 * than its limit, the second thread counts in Redis what the work was, says so on the standard error output, and kills the
 * process, so that it is started again and can leave the work out. Time in which the process was suspended, or a debugger
 * was attached, does not count.
 *
 * Telling the watch costs a few stores into shared memory: work may begin a million times a second.
 */
export class LoopWatch {
  readonly #memory: WatchMemory = watchMemory();
  readonly #words = this.#memory.words;
  readonly #numbers = this.#memory.numbers;
  #owners = 0;
  #worker: Worker | null = null;
  #turns: NodeJS.Timeout | null = null;

  /** Starts the second thread. Without it, nothing is watched. */
  start({ role, redisUrl, stallLimitMs, eventBudgetMs, pulse }: LoopWatchOptions): this {
    const worker = new Worker(new URL('thread.mjs', import.meta.url), {
      workerData: { role, redisUrl, stallLimitMs, eventBudgetMs, pulse, ...this.#memory },
      execArgv: [],
    });
    // Without its watch a process would look dead to its supervisor.
    worker.on('error', (error) => {
      throw error;
    });
    worker.unref();
    this.#worker = worker;
    this.#turn();
    this.#turns = setInterval(() => this.#turn(), TURN_MS).unref();
    return this;
  }

  /** Adds a part. Returns its number for `begin`. */
  add(watched: Watched): number {
    const owner = ++this.#owners;
    this.#worker?.postMessage({ owner, watched });
    return owner;
  }

  /** Removes a part. */
  remove(owner: number): void {
    this.#worker?.postMessage({ owner, watched: null });
  }

  /** A part begins a piece of work, instead of what was being done. The numbers describe it. */
  begin(owner: number, activity: number, a = 0, b = 0, c = 0, d = 0): void {
    const numbers = this.#numbers;
    numbers[0] = a;
    numbers[1] = b;
    numbers[2] = c;
    numbers[3] = d;
    this.#words[WORDS.activity] = activity;
    this.#words[WORDS.owner] = owner;
    Atomics.add(this.#words, WORDS.begun, 1);
  }

  /** The work is done. */
  end(): void {
    this.#words[WORDS.owner] = 0;
  }

  /** Ends the second thread. */
  async close(): Promise<void> {
    if (this.#turns) clearInterval(this.#turns);
    await this.#worker?.terminate();
  }

  #turn(): void {
    // No work lasts beyond a turn of the loop, even if its end was not told because of an error.
    this.end();
    this.#words[WORDS.debugged] = inspector.url() === undefined ? 0 : 1;
    Atomics.add(this.#words, WORDS.turns, 1);
  }
}
