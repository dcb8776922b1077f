import { UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { RepriseError, sentence } from '../../core/problems/errors.ts';
import { keys } from '../../core/wire/keys.ts';
import type { Logger } from '../../core/logging/log.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import type { TaskContext, TaskKind } from './kind.ts';
import { checkParams, failedProblem, failedReason, parseTask, taskOf, type TaskJob } from './task.ts';

/** Tasks mostly wait, so one process does many at a time. */
const CONCURRENCY = 50;
/** A worker that says nothing for so long is dead, and another goes on with its tasks. */
const LOCK_MS = 3_000;
const STALLED_LOOK_MS = 1_000;
/** Any number of killed workers is no reason to give a task up. */
const STALLED_MAX = 1_000_000;
const PROGRESS_MS = 500;
const MEMORY_SECONDS = 7 * 24 * 3_600;
const STOP_MS = 3_000;

const CANCELED = 'canceled';
const STOPPING = 'stopping';

/** Does the tasks of all kinds. What it leaves undone, killed or stopped, the next worker does from its start or memory. */
export class TaskWorker {
  readonly #redis: Redis;
  readonly #connection: Redis;
  readonly #subscriber: Redis;
  readonly #kinds: Map<string, TaskKind>;
  readonly #log: Logger;
  readonly #worker: Worker;
  readonly #stopping = new AbortController();

  constructor(redis: Redis, kinds: Map<string, TaskKind>, log: Logger) {
    this.#redis = redis;
    this.#kinds = kinds;
    this.#log = log;
    this.#connection = duplicate(redis);
    // Three parameters: BullMQ hands over a signal only to those who take one.
    const work = (job: unknown, token: string | undefined, signal: AbortSignal | undefined) =>
      this.#work(job as TaskJob, token!, signal!);
    this.#worker = new Worker(keys.queue.name, work as never, {
      connection: this.#connection,
      prefix: keys.queue.prefix,
      concurrency: CONCURRENCY,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_LOOK_MS,
      maxStalledCount: STALLED_MAX,
      drainDelay: 1,
      runRetryDelay: 500,
    });
    this.#worker.on('error', (error) => this.#log.debug(sentence(error)));
    this.#worker.on('active', (job) => void this.#tell(job as TaskJob));
    this.#worker.on('completed', (job) => void this.#finished(job as TaskJob));
    this.#worker.on('failed', (job, error) => {
      if (!job) return;
      if (error.message !== CANCELED) {
        const problem = RepriseError.fromProblem(failedProblem(error.message));
        this.#log.warn({ task: job.id, kind: job.name, code: problem.code }, sentence(problem));
      }
      void this.#finished(job as TaskJob);
    });
    this.#subscriber = duplicate(redis);
    this.#subscriber.on('message', (_channel, text) => {
      const task = parseTask(text);
      if (task?.state === CANCELED) this.#worker.cancelJob(task.id, CANCELED);
    });
    this.#subscriber.subscribe(keys.tasks).catch(() => {});
  }

  /** Gives unfinished tasks back; another worker takes them at once. */
  async close(): Promise<void> {
    this.#subscriber.disconnect();
    const closing = this.#worker.close();
    this.#stopping.abort(STOPPING);
    const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
    await Promise.race([closing.catch(() => {}), late]);
    this.#connection.disconnect();
  }

  async #work(job: TaskJob, token: string, canceled: AbortSignal): Promise<object> {
    // What was fetched while the worker closes is given back as well: BullMQ's own list does not have it yet.
    const signal = AbortSignal.any([canceled, this.#stopping.signal]);
    // Whoever canceled before the signal could reach this job has left word in its data.
    await this.#refresh(job);
    if (job.data.canceledMs !== undefined) throw new UnrecoverableError(CANCELED);
    const kind = this.#kinds.get(job.name);
    if (!kind) throw new UnrecoverableError(`This worker does not know tasks of kind "${job.name}".`);
    try {
      const params = checkParams(job.name, job.data.params);
      signal.throwIfAborted();
      return await Promise.race([
        kind.run(params as never, this.#context(job, signal)),
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error(String(signal.reason))), { once: true });
        }),
      ]);
    } catch (error) {
      if (signal.aborted && signal.reason === STOPPING) {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      throw new UnrecoverableError(signal.aborted ? CANCELED : failedReason(error));
    }
  }

  #context(job: TaskJob, signal: AbortSignal): TaskContext<never> {
    const redis = this.#redis;
    const key = keys.taskMemory(job.id!);
    let toldMs = 0;
    return {
      redis,
      prepared: job.data.prepared as never,
      signal,
      progress: (share) => {
        const now = performance.now();
        if (now - toldMs < PROGRESS_MS || signal.aborted) return;
        toldMs = now;
        const rounded = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 1000;
        job.updateProgress(rounded).then(
          () => this.#tell(job),
          () => {},
        );
      },
      recall: async <T>() => {
        const text = await redis.get(key);
        return text === null ? null : (JSON.parse(text) as T);
      },
      keep: async (value) => {
        await redis.set(key, JSON.stringify(value), 'EX', MEMORY_SECONDS);
      },
    };
  }

  /** The last word on a task may be the API's: that it was canceled. */
  async #finished(job: TaskJob): Promise<void> {
    await this.#redis.del(keys.taskMemory(job.id!)).catch(() => {});
    await this.#tell(job);
  }

  /** BullMQ reads a job's data when the job is fetched, never again. */
  async #refresh(job: TaskJob): Promise<void> {
    const data = await this.#redis.hget(`${keys.queue.prefix}:${keys.queue.name}:${job.id}`, 'data');
    if (data !== null) job.data = JSON.parse(data) as TaskJob['data'];
  }

  async #tell(job: TaskJob): Promise<void> {
    try {
      await this.#refresh(job);
      await this.#redis.publish(keys.tasks, JSON.stringify(taskOf(job)));
    } catch {
      // News are a convenience: who waits for a task looks for itself, too.
    }
  }
}
