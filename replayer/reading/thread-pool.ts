import { Worker } from 'node:worker_threads';
import { invariant } from '../../core/problems/errors.ts';

/** What a thread answers: it posts any message once it is ready, and then one of these for each request. */
export type ThreadReply<Answer> = { id: number; answer: Answer } | { id: number; error: string };

/** Threads that do one kind of work. They start when they are first needed, and hold no process back from its end. */
export class ThreadPool<Request extends object, Answer> {
  readonly #module: URL;
  readonly #count: number;
  readonly #ready: Worker[] = [];
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #started = false;
  #runs = 0;

  /** `module` listens to `{id, ...request}`. */
  constructor(module: URL, count: number) {
    this.#module = module;
    this.#count = count;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    for (let i = 0; i < this.#count; i++) this.#thread();
  }

  /**
   * Has a request done; null while no thread has come up yet. What is handed over is gone here.
   * @throws Error with what the thread said was wrong
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
    if (!waiting) throw invariant('a thread answered what nobody asked');
    if ('error' in reply) waiting.reject(new Error(reply.error));
    else waiting.resolve(reply.answer);
  }
}
