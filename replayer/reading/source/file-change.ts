import { watch, type FSWatcher } from 'node:fs';

/** Not all file systems tell of changes, and a change may come before the watcher is up. */
const POLL_MS = 500;

/** Waits until a file may have changed: the system tells it, or half a second has passed. At once when the signal is aborted. */
export function fileChange(path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let watcher: FSWatcher | undefined;
    const done = () => {
      clearTimeout(timer);
      watcher?.close();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, POLL_MS);
    signal.addEventListener('abort', done, { once: true });
    try {
      watcher = watch(path, done).on('error', () => {});
    } catch {
      // There is no file of this name at the moment, or no watcher is left: the timer does.
    }
    if (signal.aborted) done();
  });
}
