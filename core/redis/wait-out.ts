import { setTimeout as delay } from 'node:timers/promises';
import { passingReasonOf, type PassingReason } from '../problems/passing.ts';
import type { Redis } from './connection.ts';

const FIRST_MS = 20;
const LONGEST_MS = 250;

export interface WaitOutOptions {
  /** Called with the reason before each wait, and with null when the wait is over. */
  waiting?: (reason: PassingReason | null) => void;
  /** Whether to give up: the error is thrown then. */
  isOver?: (() => boolean) | undefined;
}

/**
 * Does something with Redis, again and again while Redis refuses for a reason that passes. Only for what may be done
 * twice, because an answer may have been lost.
 * @throws any other error, and the reason if the connection was closed by this process
 */
export async function waitOut<T>(
  redis: Redis,
  work: () => Promise<T>,
  { waiting, isOver }: WaitOutOptions = {},
): Promise<T> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_MS)) {
    try {
      const done = await work();
      if (waitMs > FIRST_MS) waiting?.(null);
      return done;
    } catch (error) {
      const reason = passingReasonOf(error);
      if (!reason || redis.status === 'end' || isOver?.()) {
        if (waitMs > FIRST_MS) waiting?.(null);
        throw error;
      }
      waiting?.(reason);
      await delay(waitMs);
    }
  }
}
