import { mkdtempSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { failure, refusal, RepriseError } from '../../core/problems/errors.ts';
import { workFolderPrefix } from '../../core/files/work-folder.ts';
import type { ReadingOrder, ReadingReply, ReadingResult } from './reading-thread.ts';

/** What readings may take. */
export interface ReadingLimits {
  seconds: number;
  /** Memory of the thread for objects. */
  memoryMegabytes?: number;
}

/** How many recordings are read at once: replays need the other processors. */
const THREADS = 2;
/** How many more may wait. */
const WAITING_MAX = 100;
const MEMORY_MB = 1_024;
/** How often it is checked that the file is still there. */
const WATCH_MS = 250;
/** An idle thread is kept for this long: the next reading need not wait for it to start. */
const IDLE_MS = 30_000;

/** A reading that waits or is under way. */
interface Reading {
  order: ReadingOrder;
  /** The file that is read, which may be the archive that holds the recording. */
  file: string;
  signal: AbortSignal;
  resolve(result: ReadingResult): void;
  reject(error: Error): void;
}

/**
 * Reads recordings on threads beside the replays, with a bound on time and memory. A reading ends at once when its signal is
 * aborted, and within a quarter of a second when its file is deleted or replaced.
 */
export class Readings {
  readonly #plugins: string[];
  readonly #limits: ReadingLimits;
  readonly #waiting: Reading[] = [];
  readonly #threads = new Set<Worker>();
  #idle: { worker: Worker; timer: NodeJS.Timeout } | null = null;
  #running = 0;

  constructor(plugins: string[], limits: ReadingLimits) {
    this.#plugins = plugins;
    this.#limits = limits;
  }

  /**
   * Describes or previews a recording. `file`: the file on the disk that holds it.
   * @throws refusal of the recording; `recording_costly`, `recording_changed`, `readings_too_many`; failure
   * `reading_abandoned` when the signal is aborted
   */
  read(order: ReadingOrder, file: string, signal: AbortSignal): Promise<ReadingResult> {
    if (this.#running >= THREADS && this.#waiting.length >= WAITING_MAX)
      throw refusal('readings_too_many', `${this.#waiting.length} recordings wait to be read.`, {
        hint: 'Try again when some of them have been read.',
      });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order, file, signal, resolve, reject });
      this.#next();
    });
  }

  /** Ends all readings. */
  async close(): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(abandoned());
    if (this.#idle) clearTimeout(this.#idle.timer);
    this.#idle = null;
    await Promise.all(Array.from(this.#threads, (worker) => worker.terminate()));
  }

  #next(): void {
    while (this.#running < THREADS) {
      const reading = this.#waiting.shift();
      if (!reading) return;
      if (reading.signal.aborted) {
        reading.reject(abandoned());
        continue;
      }
      this.#running++;
      void this.#run(reading)
        .then(reading.resolve, reading.reject)
        .finally(() => {
          this.#running--;
          this.#next();
        });
    }
  }

  async #run({ order, file, signal }: Reading): Promise<ReadingResult> {
    const before = await stampOf(file);
    const worker = this.#thread();
    const over = new AbortController();
    try {
      const outcome = await new Promise<ReadingReply>((resolve, reject) => {
        const { seconds } = this.#limits;
        const costly = setTimeout(() => reject(tooCostly(order, `${seconds} s`)), seconds * 1000);
        const watch = setInterval(
          () =>
            void stampOf(file).then((now) => {
              if (now !== before) reject(changed(order));
            }),
          WATCH_MS,
        );
        over.signal.addEventListener('abort', () => (clearTimeout(costly), clearInterval(watch)));
        signal.addEventListener('abort', () => reject(abandoned()), { signal: over.signal });
        const once = { signal: over.signal };
        listen(worker, 'message', (reply: ReadingReply) => resolve(reply), once);
        listen(worker, 'error', (error: Error) => reject(threadProblem(order, error)), once);
        listen(worker, 'exit', () => reject(abandoned()), once);
        worker.postMessage(order);
      });
      this.#keep(worker);
      if ('problem' in outcome) throw RepriseError.fromProblem(outcome.problem);
      return outcome.result;
    } catch (error) {
      if (this.#idle?.worker !== worker) void worker.terminate();
      throw error;
    } finally {
      over.abort();
    }
  }

  /** The idle thread, or a new one. */
  #thread(): Worker {
    if (this.#idle) {
      const { worker, timer } = this.#idle;
      clearTimeout(timer);
      this.#idle = null;
      return worker;
    }
    // A thread that is ended can't remove its own temporary files.
    const folder = mkdtempSync(join(tmpdir(), workFolderPrefix('unpacked')));
    const worker = new Worker(new URL('reading-thread.mjs', import.meta.url), {
      workerData: { plugins: this.#plugins },
      // eslint-disable-next-line no-restricted-properties -- handed on, not read
      env: { ...process.env, TMPDIR: folder },
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMegabytes ?? MEMORY_MB },
    });
    this.#threads.add(worker);
    // A thread that fails while it is idle has nobody to tell.
    worker.on('error', () => {});
    worker.once('exit', () => {
      this.#threads.delete(worker);
      rmSync(folder, { recursive: true, force: true });
      if (this.#idle?.worker !== worker) return;
      clearTimeout(this.#idle.timer);
      this.#idle = null;
    });
    return worker;
  }

  #keep(worker: Worker): void {
    if (this.#idle) return void worker.terminate();
    const timer = setTimeout(() => void worker.terminate(), IDLE_MS);
    timer.unref();
    this.#idle = { worker, timer };
  }
}

/** Changes when a file is replaced, written to or removed. */
async function stampOf(file: string): Promise<string> {
  const info = await stat(file).catch(() => null);
  return info ? `${info.dev} ${info.ino} ${info.size} ${info.mtimeMs}` : '';
}

function listen<T>(
  worker: Worker,
  event: string,
  listener: (value: T) => void,
  { signal }: { signal: AbortSignal },
): void {
  worker.on(event, listener);
  signal.addEventListener('abort', () => worker.off(event, listener));
}

function threadProblem(order: ReadingOrder, error: Error & { code?: string }): Error {
  return error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooCostly(order, `${MEMORY_MB} MB of memory`) : error;
}

const tooCostly = ({ path }: ReadingOrder, limit: string) =>
  refusal('recording_costly', `Reading ${basename(path)} takes more than ${limit}.`, {
    hint: 'Divide it into smaller recordings; or raise REPRISE_MAX_READING_SECONDS, if it is the time.',
  });

const changed = ({ path }: ReadingOrder) =>
  refusal('recording_changed', `${basename(path)} was deleted or replaced while it was read.`, {
    hint: 'Ask again for the one that is there now.',
  });

const abandoned = () => failure('reading_abandoned', 'The reading was ended.', { hint: 'Ask again.' });
