import type { Task } from '../../../schemas/types.ts';
import type { Schema } from '../http/route.ts';

/** A member of actions that deal with tasks. */
export const select: Schema = { type: 'string', description: 'Answer only this member of the result.' };

/** A task's result, or what of it is asked for. */
export function selected(member: string | undefined, { result }: Task): unknown {
  return member === undefined ? result : (result?.[member] ?? null);
}
