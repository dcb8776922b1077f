import type { Replay } from '../../schemas/types.ts';

/** Whether the replay has its channels: it plays or is paused. */
export const isActive = ({ state }: Replay): boolean => state === 'playing' || state === 'paused';

/** Whether the replay has not begun because it waits for subscribers. */
export const isWaiting = ({ state, waiting }: Replay): boolean =>
  state === 'idle' && typeof waiting === 'string';

/** Whether there is something to resume. */
export const isUnfinished = (replay: Replay): boolean => isActive(replay) || isWaiting(replay);
