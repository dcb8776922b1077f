import { setImmediate } from 'node:timers/promises';

/**
 * The same items, with null where the source becomes quiet: no more items come until it grows. `quiet` resolves while the
 * source waits.
 */
export async function* withPauses<T>(
  items: AsyncGenerator<T>,
  quiet: () => Promise<void>,
): AsyncGenerator<T | null> {
  try {
    for (;;) {
      const pending = items.next();
      // What the source gave before may still be on its way here: that takes no turn of the event loop.
      const isQuiet = await Promise.race([pending.then(() => false), quiet().then(() => setImmediate(true))]);
      if (isQuiet) yield null;
      const next = await pending;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await items.return(undefined);
  }
}
