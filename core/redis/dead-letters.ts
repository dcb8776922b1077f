import type { DeadLetter } from '../../schemas/types.ts';
import { keys } from '../wire/keys.ts';
import { limits } from '../wire/limits.ts';
import type { Redis } from './connection.ts';
import { execute } from './execute.ts';

const CONTENT_MAX_CHARACTERS = 20_000;

/** A row or an event that was refused or failed, and the reason. Redis adds the id, and `deadLetterText` the time. */
export type NewDeadLetter = Omit<DeadLetter, 'id' | 'at'>;

/** A dead letter of now, as the JSON text that Redis keeps. Longer content than 20,000 characters is cut. */
export function deadLetterText(letter: NewDeadLetter): string {
  const at = new Date().toISOString();
  return JSON.stringify({ at, ...letter, content: letter.content.slice(0, CONTENT_MAX_CHARACTERS) });
}

/** Stores dead letters. If there are too many, the oldest are dropped. */
export async function addDeadLetters(redis: Redis, letters: NewDeadLetter[]): Promise<void> {
  const pipeline = redis.pipeline();
  for (const letter of letters)
    pipeline.xadd(keys.deadLetters, 'MAXLEN', '~', limits.DEAD_LETTERS_MAX, '*', 'd', deadLetterText(letter));
  await execute(pipeline);
}

/**
 * Dead letters, the newest first, at most `limit`.
 * @param cursor id to continue before
 * @returns `cursor`: where the next page continues; null: there are no more
 */
export async function readDeadLetters(
  redis: Redis,
  limit: number,
  cursor?: string,
): Promise<{ items: DeadLetter[]; cursor: string | null }> {
  // Redis refuses to look before the lowest id; there is nothing.
  if (cursor !== undefined && /^0+-0+$/.test(cursor)) return { items: [], cursor: null };
  const entries = await redis.xrevrange(keys.deadLetters, cursor ? `(${cursor}` : '+', '-', 'COUNT', limit);
  const items = entries.map(([id, fields]) => ({ id, ...JSON.parse(fields[1]!) }) as DeadLetter);
  return { items, cursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
}
