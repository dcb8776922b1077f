import { failure } from '../../core/problems/errors.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { LoopWatch } from '../../core/runtime/watch/loop-watch.ts';
import { WatchedWork } from '../../core/runtime/watch/watched-work.ts';
import { keys } from '../../core/wire/keys.ts';

/** A task that has let the event loop stand still this often is not run again. */
const TRIES_MAX = 2;

/**
 * Makes sure that no task stops the others for good. The watch of the process counts which task let the event loop stand
 * still, and ends the process. Another worker runs the task once more; after the second time it fails.
 */
export class TaskGuard {
  readonly #redis: Redis;
  readonly #watch: LoopWatch;
  readonly #work: WatchedWork;
  readonly #limitMs: number;

  /** @param limitMs how long a task may let the event loop stand still; 0: as long as it likes */
  constructor(redis: Redis, watch: LoopWatch, limitMs: number) {
    this.#redis = redis;
    this.#watch = watch;
    this.#work = new WatchedWork(watch);
    this.#limitMs = limitMs;
  }

  /** Runs a task. @throws failure `task_stuck` if it must not run again */
  async run<T>(id: string, kind: string, task: () => Promise<T>): Promise<T> {
    const tries = Number((await this.#redis.hget(keys.stuckTasks, id)) ?? 0);
    if (tries >= TRIES_MAX)
      throw failure(
        'task_stuck',
        `The task let the event loop of its process stand still for ${this.#limitMs} ms (REPRISE_STALL_LIMIT_MS), ${tries} times.`,
        { hint: 'A task that computes for long must pause in between, or run in a thread of its own.' },
      );
    const owner = this.#watch.add({
      name: 'tasks',
      client: keys.client('watch'),
      key: keys.stuckTasks,
      limitMs: this.#limitMs,
      activities: [{ field: id, text: `Task ${id} (${kind}) has let the event loop stand still` }],
      consequences: ['It is tried once more.', 'It fails.'],
    });
    try {
      return await this.#work.run(owner, task);
    } finally {
      this.#watch.remove(owner);
    }
  }

  /** A task has ended: what was counted is forgotten. */
  async forget(id: string): Promise<void> {
    await this.#redis.hdel(keys.stuckTasks, id);
  }

  close(): void {
    this.#work.close();
  }
}
