import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { keys } from '../../wire/keys.ts';

/** What a Reprise says about itself. */
export interface Hello {
  instance: string;
  database: number;
}

/** How long answers are waited for; a process whose event loop is busy answers late. */
const ANSWERS_MS = 700;

/** Answers those who ask on `keys.hello` which Reprise is here. */
export function sayHello(redis: Redis, instance: string): { close(): void } {
  const ears = redis.duplicate();
  const hello: Hello = { instance, database: redis.options.db ?? 0 };
  ears.on('message', (_name, text) => {
    try {
      const { answerTo } = JSON.parse(text) as { answerTo?: string };
      if (answerTo?.startsWith(`${keys.hello}:`))
        redis.publish(answerTo, JSON.stringify(hello)).catch(() => {});
    } catch {
      // Not a question.
    }
  });
  ears.subscribe(keys.hello).catch(() => {});
  return { close: () => ears.disconnect() };
}

/** Asks which Reprises of this namespace use this Redis, whatever their database. Takes no time where there are none. */
export async function askWho(redis: Redis): Promise<Hello[]> {
  const [, listening] = (await redis.pubsub('NUMSUB', keys.hello)) as [string, number];
  if (Number(listening) === 0) return [];
  const answerTo = `${keys.hello}:${randomUUID()}`;
  const ears = redis.duplicate();
  const answers: Hello[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ANSWERS_MS);
      ears.on('message', (_name, text) => {
        answers.push(JSON.parse(text) as Hello);
        if (answers.length < Number(listening)) return;
        clearTimeout(timer);
        resolve();
      });
      ears
        .subscribe(answerTo)
        .then(() => redis.publish(keys.hello, JSON.stringify({ answerTo })))
        .catch(reject);
    });
  } finally {
    ears.disconnect();
  }
  return answers;
}
