import type { Problem } from '../../../../schemas/types.ts';
import { problemOf } from '../live/api.ts';

/** Runs requests that a user starts. Tells whether one is running and why the last one failed. */
export class Action {
  busy = $state(false);
  /** Why the last run failed; undefined after one that succeeded. */
  problem = $state.raw<Problem>();

  /** Runs the work and keeps its error as a problem. Returns whether it succeeded. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    try {
      await work();
      this.problem = undefined;
      return true;
    } catch (error) {
      this.problem = problemOf(error);
      return false;
    } finally {
      this.busy = false;
    }
  }

  readonly dismiss = (): void => {
    this.problem = undefined;
  };
}
