import { randomUUID } from 'node:crypto';
import type { Problem } from '../../schemas/types.ts';
import { asRepriseError, failure, RepriseError } from '../problems/errors.ts';
import { keys } from '../wire/keys.ts';
import { duplicate, type Redis } from './connection.ts';

interface RequestMessage {
  id: string;
  client: string;
  /** When the client stops waiting for the answer, epoch ms. */
  deadlineMs: number;
  verb: string;
  body: unknown;
}

interface Reply {
  id: string;
  body?: unknown;
  problem?: Problem;
}

/** Sends requests to other processes over Redis, and waits for their answers. */
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
   * Sends a request to a target, such as `replayer`. The first process that serves the target answers it.
   * @throws the error that the other side threw, or failure `no_answer` after `timeoutMs`
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

  /** Requests without an answer fail with `no_answer`. */
  close(): void {
    this.#subscriber.disconnect();
    const problem = failure('no_answer', 'The connection was closed before an answer came.').toProblem();
    for (const [id, settle] of this.#waiting) settle({ id, problem });
  }
}

/** Handles the requests of one verb: takes the body, and resolves to the body of the answer. What it throws is the answer. */
export type Handler = (body: never) => Promise<unknown>;

/**
 * Answers requests to these targets until it is closed, several at a time. It drops requests whose clients no longer wait.
 */
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
      if (!handler) throw new Error(`This process has no handler for the verb "${request.verb}"`);
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
