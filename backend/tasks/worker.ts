import { UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { RepriseError, sentence } from '../../core/problems/errors.ts';
import { keys } from '../../core/wire/keys.ts';
import type { Logger } from '../../core/logging/log.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import { waitOut } from '../../core/redis/wait-out.ts';
import type { TaskGuard } from './task-guard.ts';
import type { TaskContext, TaskKind } from './kind.ts';
import { checkParams, failedProblem, failedReason, parseTask, taskOf, type TaskJob } from './task.ts';

/** Tasks mostly wait, so one process runs many at a time. */
const CONCURRENCY = 50;
/** A worker that has not renewed its locks for this long counts as dead, and another one continues its tasks. */
const LOCK_MS = 3_000;
const STALLED_LOOK_MS = 1_000;
/** A task is never given up, however many workers are killed. If it blocks them itself, `TaskGuard` sees to it. */
const STALLED_MAX = 1_000_000;
const PROGRESS_MS = 500;
const MEMORY_SECONDS = 7 * 24 * 3_600;
const STOP_MS = 3_000;

const CANCELED = 'canceled';
const STOPPING = 'stopping';

/** Runs tasks of all kinds. If it is stopped or killed, the next worker runs its tasks again, from the start or from kept values. */
export class TaskWorker {
  readonly #redis: Redis;
  readonly #connection: Redis;
  readonly #subscriber: Redis;
  readonly #kinds: Map<string, TaskKind>;
  readonly #log: Logger;
  readonly #guard: TaskGuard;
  readonly #worker: Worker;
  readonly #stopping = new AbortController();

  constructor(redis: Redis, kinds: Map<string, TaskKind>, log: Logger, guard: TaskGuard) {
    this.#guard = guard;
    this.#redis = redis;
    this.#kinds = kinds;
    this.#log = log;
    this.#connection = duplicate(redis);
    // BullMQ passes a signal only to functions with three parameters.
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

  /** Stops, and gives unfinished tasks back; another worker takes them at once. */
  async close(): Promise<void> {
    this.#subscriber.disconnect();
    const closing = this.#worker.close();
    this.#stopping.abort(STOPPING);
    const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref());
    await Promise.race([closing.catch(() => {}), late]);
    this.#guard.close();
    this.#connection.disconnect();
  }

  async #work(job: TaskJob, token: string, canceled: AbortSignal): Promise<object> {
    // Also covers jobs that are fetched while the worker closes, which BullMQ's own list does not have yet.
    const signal = AbortSignal.any([canceled, this.#stopping.signal]);
    // A task that was canceled before the signal could reach this job is marked in its data.
    await waitOut(this.#redis, () => this.#refresh(job), { isOver: () => signal.aborted });
    if (job.data.canceledMs !== undefined) throw new UnrecoverableError(CANCELED);
    const kind = this.#kinds.get(job.name);
    if (!kind) throw new UnrecoverableError(`This worker does not know the kind of task "${job.name}".`);
    try {
      signal.throwIfAborted();
      const aborted = new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error(String(signal.reason))), { once: true });
      });
      // If Redis refuses for a while, the task does not fail: it is run again, as after a restart of the worker.
      const task = async () =>
        kind.run(checkParams(job.name, job.data.params) as never, this.#context(job, signal));
      const run = () => this.#guard.run(job.id!, job.name, task);
      const isOver = () => signal.aborted;
      return await Promise.race([waitOut(this.#redis, run, { isOver }), aborted]);
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

  /** Publishes the end of a task. The API may have canceled it meanwhile. */
  async #finished(job: TaskJob): Promise<void> {
    await this.#redis.del(keys.taskMemory(job.id!)).catch(() => {});
    await this.#guard.forget(job.id!).catch(() => {});
    await this.#tell(job);
  }

  /** Reads the data of a job again, which BullMQ does only when it fetches the job. */
  async #refresh(job: TaskJob): Promise<void> {
    const data = await this.#redis.hget(`${keys.queue.prefix}:${keys.queue.name}:${job.id}`, 'data');
    if (data !== null) job.data = JSON.parse(data) as TaskJob['data'];
  }

  async #tell(job: TaskJob): Promise<void> {
    try {
      await this.#refresh(job);
      await this.#redis.publish(keys.tasks, JSON.stringify(taskOf(job)));
    } catch {
      // Waiting callers also check by themselves.
    }
  }
}
