import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../core/time/clock.ts';

/** When a pass is over that waits for a source. */
interface PassEnd {
  signal: AbortSignal;
  clock: Clock;
  /** The recording time after which nothing is played; Infinity for none. */
  endMs: number;
  /** Resolves while the source has given all that it has; undefined where that is not known. */
  quiet?: () => Promise<void>;
}

/**
 * The same items, until the signal is aborted, or the clock has passed the end and the source is quiet, even while the next
 * item is waited for. It is then not waited for any more: whoever feeds the source ends it. At rate max records drive the
 * clock, so that only an item tells that the end has passed.
 */
export async function* untilOver<T>(items: AsyncIterable<T>, end: PassEnd): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let isPending = false;
  try {
    while (!end.signal.aborted) {
      isPending = true;
      const next = await beforeEnd(iterator.next(), end);
      if (!next) return;
      isPending = false;
      if (next.done) return;
      yield next.value;
    }
  } finally {
    const returned = iterator.return?.();
    if (isPending) returned?.catch(() => {});
    else await returned;
  }
}

/** What the promise gives; null when the pass is over before. */
async function beforeEnd<T>(promise: Promise<T>, end: PassEnd): Promise<T | null> {
  const settled = new AbortController();
  try {
    return await Promise.race([promise, over(end, settled.signal)]);
  } finally {
    settled.abort();
  }
}

async function over({ signal, clock, endMs, quiet }: PassEnd, settled: AbortSignal): Promise<null> {
  const either = AbortSignal.any([signal, settled]);
  const isMax = () => clock.rate === 'max';
  if (quiet) await clock.until(endMs, either, isMax);
  if (!quiet || isMax()) await aborted(either);
  if (!either.aborted) {
    await Promise.race([quiet?.(), aborted(either)]);
    // What the source gave before may still be on its way here: that takes no turn of the event loop.
    await setImmediate();
  }
  return null;
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
