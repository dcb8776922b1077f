import { randomUUID } from 'node:crypto';
import type { Problem } from '../../schemas/types.ts';
import { asRepriseError, failure, RepriseError } from '../problems/errors.ts';
import { keys } from '../wire/keys.ts';
import { duplicate, type Redis } from './connection.ts';

interface RequestMessage {
  id: string;
  client: string;
  /** Wall time after which nobody waits for the answer any more. */
  deadlineMs: number;
  verb: string;
  body: unknown;
}

interface Reply {
  id: string;
  body?: unknown;
  problem?: Problem;
}

/** Asks another process over Redis and waits for its answer. */
export class Requester {
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #client = randomUUID();
  readonly #waiting = new Map<string, (reply: Reply) => void>();
  readonly #ready: Promise<unknown>;

  constructor(redis: Redis) {
    this.#redis = redis;
    this.#subscriber = duplicate(redis);
    this.#subscriber.on('message', (_channel, text) => {
      const reply = JSON.parse(text) as Reply;
      this.#waiting.get(reply.id)?.(reply);
    });
    this.#ready = this.#subscriber.subscribe(keys.replies(this.#client));
    this.#ready.catch(() => {});
  }

  /**
   * Puts a request to whoever serves `target` first.
   * @throws what the other side threw, or failure `no_answer` after `timeoutMs`
   */
  async ask<T>(target: string, verb: string, body: unknown, timeoutMs = 5_000): Promise<T> {
    await this.#ready;
    const request: RequestMessage = {
      id: randomUUID(),
      client: this.#client,
      deadlineMs: Date.now() + timeoutMs,
      verb,
      body,
    };
    const reply = await new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(
          failure('no_answer', `No ${target.split(':')[0]} answered within ${timeoutMs / 1000} s.`, {
            hint: target.startsWith('replayer')
              ? 'Is `reprise serve replayer` (or `npm start`) running on this Redis?'
              : 'Is its process frozen? GET /api/v1/services says when it was last seen.',
          }),
        );
      }, timeoutMs);
      this.#waiting.set(request.id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#redis.rpush(keys.requests(target), JSON.stringify(request)).catch(reject);
    }).finally(() => this.#waiting.delete(request.id));
    if (reply.problem) throw RepriseError.fromProblem(reply.problem);
    return reply.body as T;
  }

  /** Whoever still waits hears that nobody will answer. */
  close(): void {
    this.#subscriber.disconnect();
    const problem = failure('no_answer', 'The connection was closed before an answer came.').toProblem();
    for (const [id, settle] of this.#waiting) settle({ id, problem });
  }
}

export type Handler = (body: never) => Promise<unknown>;

/** Answers requests to the given targets, several at a time, until closed. Requests nobody waits for any more are dropped. */
export class Responder {
  readonly #redis: Redis;
  readonly #blocking: Redis;
  readonly #verbs: { [verb: string]: Handler };
  #closed = false;

  constructor(redis: Redis, targets: string[], verbs: { [verb: string]: Handler }) {
    this.#redis = redis;
    this.#blocking = duplicate(redis);
    this.#verbs = verbs;
    void this.#serve(targets.map(keys.requests));
  }

  async #serve(lists: string[]): Promise<void> {
    while (!this.#closed) {
      try {
        const popped = await this.#blocking.blpop(lists, 1);
        if (popped) void this.#answer(JSON.parse(popped[1]) as RequestMessage);
      } catch {
        if (!this.#closed) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async #answer(request: RequestMessage): Promise<void> {
    if (request.deadlineMs < Date.now()) return;
    const reply: Reply = { id: request.id };
    try {
      const handler = this.#verbs[request.verb];
      if (!handler) throw new Error(`Nobody here knows the verb "${request.verb}"`);
      reply.body = await handler(request.body as never);
    } catch (error) {
      reply.problem = asRepriseError(error).toProblem();
    }
    await this.#redis.publish(keys.replies(request.client), JSON.stringify(reply)).catch(() => {});
  }

  close(): void {
    this.#closed = true;
    this.#blocking.disconnect();
  }
}
