import { randomUUID } from 'node:crypto';
import type { Queue } from 'bullmq';
import { refusal } from '../../core/problems/errors.ts';
import { keys } from '../../core/wire/keys.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import type { Task } from '../../schemas/types.ts';
import type { PrepareContext, TaskKind } from './kind.ts';
import { checkParams, isFinal, parseTask, taskOf, type JobData, type TaskJob } from './task.ts';

/** How often a waiting caller checks its task, since messages over pub/sub can be missed. */
const LOOK_MS = 1_000;
const KEEP = { count: 1_000, age: 24 * 3_600 };

/** Submits tasks and reports on them. Holds no state of its own, so every process can ask for every task. */
export class TaskQueue {
  readonly #redis: Redis;
  readonly #connection: Redis;
  readonly #subscriber: Redis;
  readonly #kinds: Map<string, TaskKind>;
  readonly #tasksMax: number;
  readonly #prepareContext: PrepareContext;
  #opened: Promise<Queue<JobData>> | null = null;
  readonly #listeners = new Map<string, Set<(task: Task) => void>>();

  /** `tasksMax`: how many may wait or run at once. */
  constructor(
    redis: Redis,
    kinds: Map<string, TaskKind>,
    channel: PrepareContext['channel'],
    tasksMax = Infinity,
  ) {
    this.#tasksMax = tasksMax;
    this.#redis = redis;
    this.#kinds = kinds;
    this.#prepareContext = { redis, channel };
    this.#connection = duplicate(redis);
    this.#subscriber = duplicate(redis);
    this.#subscriber.on('message', (_channel, text) => {
      const task = parseTask(text);
      if (task) for (const listener of this.#listeners.get(task.id) ?? []) listener(task);
    });
    this.#subscriber.subscribe(keys.tasks).catch(() => {});
  }

  /** Names of all kinds. */
  get kinds(): string[] {
    return [...this.#kinds.keys()];
  }

  /**
   * Submits a task.
   * @param once a name under which the task is submitted once, however often that is asked for: at least 32 hexadecimal digits
   * @throws refusal `task_kind`, `task_params`, or of the kind
   */
  async submit(name: string, given: object, once?: string): Promise<Task> {
    const kind = this.#kinds.get(name);
    if (!kind) {
      throw refusal('task_kind', `There is no kind of task "${name.slice(0, 100)}".`, {
        hint: `Known kinds: ${this.kinds.join(', ')}.`,
      });
    }
    const params = checkParams(name, given);
    const prepared: unknown = await kind.prepare(params as never, this.#prepareContext);
    const queue = await this.#queue();
    await this.#refuseTooMany(queue);
    const job = await queue.add(
      name,
      { params, prepared },
      { jobId: once === undefined ? randomUUID() : uuidOf(once), removeOnComplete: KEEP, removeOnFail: KEEP },
    );
    const task = once === undefined ? taskOf(job as TaskJob) : await this.get(job.id!);
    await this.#redis.publish(keys.tasks, JSON.stringify(task));
    return task;
  }

  /** How many tasks there are, by state. */
  async counts(): Promise<{ [state in Task['state']]?: number }> {
    // Without BullMQ: loading it would hold up whoever only counts.
    const of = (list: string) => `${keys.queue.prefix}:${keys.queue.name}:${list}`;
    const asked = this.#redis.pipeline().llen(of('wait')).llen(of('active'));
    for (const set of ['delayed', 'prioritized', 'completed', 'failed']) asked.zcard(of(set));
    const replies = ((await asked.exec()) ?? []).map(([error, count]) => {
      if (error) throw error;
      return Number(count);
    });
    const [waiting = 0, running = 0, delayed = 0, prioritized = 0, succeeded = 0, failed = 0] = replies;
    return { queued: waiting + delayed + prioritized, running, succeeded, failed };
  }

  async #refuseTooMany(queue: Queue<JobData>): Promise<void> {
    const count = await queue.getJobCountByTypes('waiting', 'delayed', 'prioritized', 'active');
    if (count < this.#tasksMax) return;
    throw refusal('tasks_too_many', `${count} tasks wait or run already.`, {
      hint: 'Wait until some have ended, cancel some, or raise REPRISE_MAX_TASKS.',
    });
  }

  /** One task. @throws refusal `task_unknown` */
  async get(id: string): Promise<Task> {
    return taskOf(await this.#job(id));
  }

  /** The latest tasks, newest first. */
  async list(limit: number): Promise<Task[]> {
    const states = ['waiting', 'active', 'delayed', 'completed', 'failed'] as const;
    const queue = await this.#queue();
    const jobs = await Promise.all(states.map((state) => queue.getJobs(state, 0, limit - 1)));
    const tasks = jobs.flat().map((job) => taskOf(job as TaskJob));
    return tasks.sort((a, b) => b.created.localeCompare(a.created)).slice(0, limit);
  }

  /** Cancels a task; its worker is told at once. @throws refusal `task_unknown`, `task_finished` */
  async cancel(id: string): Promise<Task> {
    const job = await this.#job(id);
    const task = taskOf(job);
    if (task.state === 'canceled') return task;
    if (isFinal(task)) {
      throw refusal('task_finished', `Task ${id} has ${task.state} already.`, {
        hint: `GET /api/v1/tasks/${id} shows it.`,
      });
    }
    await job.updateData({ ...job.data, canceledMs: Date.now() });
    const canceled = taskOf(job);
    await this.#redis.publish(keys.tasks, JSON.stringify(canceled));
    return canceled;
  }

  /** Waits until a task has ended, for at most `ms` or until the signal is aborted, and returns it. @throws refusal `task_unknown` */
  async wait(id: string, ms: number, signal: AbortSignal): Promise<Task> {
    const endMs = performance.now() + ms;
    let task = await this.get(id);
    while (!isFinal(task) && !signal.aborted && performance.now() < endMs) {
      await this.#endOf(id, Math.min(LOOK_MS, endMs - performance.now()), signal);
      task = await this.get(id);
    }
    return task;
  }

  /** Calls back at every change of a task; call the returned function to stop. */
  onChange(id: string, listener: (task: Task) => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(id);
    };
  }

  async close(): Promise<void> {
    this.#subscriber.disconnect();
    await this.#opened?.then((queue) => queue.close()).catch(() => {});
    this.#connection.disconnect();
  }

  /** Opens the queue at the first use: loading BullMQ takes 0.2 s, and the API should start without waiting for it. */
  #queue(): Promise<Queue<JobData>> {
    return (this.#opened ??= import('bullmq').then(({ Queue }) => {
      const { name, prefix } = keys.queue;
      const queue = new Queue<JobData>(name, { connection: this.#connection, prefix });
      queue.on('error', () => {}); // The connection is retried by itself; callers wait meanwhile.
      return queue;
    }));
  }

  async #job(id: string): Promise<TaskJob> {
    const job = id === '' ? undefined : await (await this.#queue()).getJob(id);
    if (job) return job as TaskJob;
    throw refusal('task_unknown', `There is no task "${id.slice(0, 100)}".`, {
      hint: 'GET /api/v1/tasks lists them; finished ones are kept for a day.',
    });
  }

  /** Resolves when the end of the task is published, or after `ms`. */
  #endOf(id: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stop();
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stop = this.onChange(id, (task) => isFinal(task) && done());
      const timer = setTimeout(done, Math.max(0, ms));
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** The first 32 hexadecimal digits of a text in the form of a UUID, as all ids of tasks have. */
function uuidOf(digits: string): string {
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
