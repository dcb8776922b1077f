import { AsyncResource, createHook, executionAsyncResource } from 'node:async_hooks';
import type { LoopWatch } from './loop-watch.ts';

/** The property of an asynchronous resource that names the part it belongs to. */
const OWNER = Symbol('owner');

interface Owned {
  [OWNER]?: number;
}

/**
 * Tells the watch of a process which of several pieces of asynchronous work runs, at each of its turns: so it is known which
 * one lets the event loop stand still. It costs a little at each promise of the process.
 */
export class WatchedWork {
  readonly #watch: LoopWatch;
  /** The owners of the turns that are under way, the innermost last; 0: none. */
  readonly #running: number[] = [];
  readonly #hook = createHook({
    init: (_id, _type, _trigger, resource: Owned) => {
      const owner = (executionAsyncResource() as Owned)[OWNER];
      if (owner !== undefined) resource[OWNER] = owner;
    },
    before: () => this.#enter((executionAsyncResource() as Owned)[OWNER] ?? 0),
    after: () => this.#leave(),
  });

  constructor(watch: LoopWatch) {
    this.#watch = watch;
    this.#hook.enable();
  }

  /** Runs work of a part; `owner` is its number. All that the work leads to belongs to the part, too. */
  run<T>(owner: number, work: () => T): T {
    const resource = new AsyncResource('WatchedWork');
    (resource as Owned)[OWNER] = owner;
    return resource.runInAsyncScope(work);
  }

  close(): void {
    this.#hook.disable();
  }

  #enter(owner: number): void {
    this.#running.push(owner);
    this.#tell(owner);
  }

  #leave(): void {
    this.#running.pop();
    this.#tell(this.#running.at(-1) ?? 0);
  }

  #tell(owner: number): void {
    if (owner === 0) this.#watch.end();
    else this.#watch.begin(owner, 0);
  }
}
