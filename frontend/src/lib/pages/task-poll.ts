import type { Task } from '../../../../schemas/types.ts';
import { Poll } from '../live/poll.svelte.ts';
import { pagesApi } from './api.ts';

/** Whether a task has succeeded, failed or been canceled: it does not change any more. */
export const isOver = ({ state }: Task): boolean => state !== 'queued' && state !== 'running';

/**
 * Polls a task until it is over. Must be called while a component is set up.
 * @param succeeded is called before the result of a task that succeeded is shown
 */
export function pollTask(id: string, everyMs: number, succeeded?: () => Promise<void>): Poll<Task> {
  let last: Task | undefined;
  return new Poll(async (signal) => {
    if (last && isOver(last)) return last;
    last = await pagesApi.task(id, signal);
    if (last.state === 'succeeded') await succeeded?.();
    return last;
  }, everyMs);
}
