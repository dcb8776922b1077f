import type { Task } from '../../../schemas/types.ts';
import type { Schema } from '../http/route.ts';

/** A member of the actions for tasks. */
export const select: Schema = { type: 'string', description: 'Return only this member of the result.' };

/** The result of a task, or only the selected member of it. */
export function selected(member: string | undefined, { result }: Task): unknown {
  return member === undefined ? result : (result?.[member] ?? null);
}
