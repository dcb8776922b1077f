import { Worker } from 'node:worker_threads';
import { invariant, RepriseError } from '../../../core/problems/errors.ts';
import type { Problem } from '../../../schemas/types.ts';

/** A thread's answer to a request. Before the first one, a thread posts any message to say that it is ready. */
export type ThreadReply<Answer> = { id: number; answer: Answer } | { id: number; problem: Problem };

/** Threads that do one kind of work. They start when first needed, and idle threads do not keep the process alive. */
export class ThreadPool<Request extends object, Answer> {
  readonly #module: URL;
  readonly #count: number;
  readonly #ready: Worker[] = [];
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #started = false;
  #runs = 0;

  /** `module` is the threads' code: it answers each `{id, ...request}` with a `ThreadReply`. */
  constructor(module: URL, count: number) {
    this.#module = module;
    this.#count = count;
  }

  /** Starts the threads, unless they have been started. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    for (let i = 0; i < this.#count; i++) this.#thread();
  }

  /**
   * Sends a request to a thread; null while no thread is ready yet. The buffers in `handOver` are moved, not copied.
   * @throws the thread's error, with its code
   */
  run(request: Request, handOver: ArrayBuffer[]): Promise<Answer> | null {
    const id = ++this.#runs;
    const worker = this.#ready[id % this.#ready.length];
    if (!worker) return null;
    worker.ref();
    worker.postMessage({ id, ...request }, handOver);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #thread(): void {
    const worker = new Worker(this.#module);
    worker.unref();
    worker.once('message', () => {
      this.#ready.push(worker);
      worker.on('message', (reply: ThreadReply<Answer>) => this.#settle(reply));
      // A thread that comes up when everything is done must not hold the process either.
      worker.unref();
    });
    worker.on('error', (error) => {
      const at = this.#ready.indexOf(worker);
      if (at >= 0) this.#ready.splice(at, 1);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  #settle(reply: ThreadReply<Answer>): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) for (const worker of this.#ready) worker.unref();
    if (!waiting) throw invariant('a thread answered a request that was not made');
    if ('problem' in reply) waiting.reject(RepriseError.fromProblem(reply.problem));
    else waiting.resolve(reply.answer);
  }
}
