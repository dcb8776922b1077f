import assert from 'node:assert/strict';
import { Worker } from 'node:worker_threads';

/** A call of an exported function; `then`: what the function that it returns is called with. */
export interface WorkerJob {
  call: string;
  of: unknown[];
  then?: unknown[];
}

/**
 * Calls functions of a module in a thread, which is killed when one of them takes too long. So a loop that does not end, or
 * takes hours, fails a test instead of hanging it. The limit is generous: it is not a measurement.
 * @param module its path, relative to this folder
 * @returns the results, in the order of the jobs; `{ thrown }` for an error
 */
export async function inWorker(module: string, jobs: WorkerJob[], limitMs = 20_000): Promise<unknown[]> {
  const worker = new Worker(new URL('./worker-jobs.mjs', import.meta.url), {
    workerData: { module: new URL(module, import.meta.url).href, jobs },
    execArgv: [],
  });
  const values: unknown[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('error', reject);
      worker.on('exit', () => resolve());
      worker.on('message', (message: { begun?: true; value?: unknown }) => {
        clearTimeout(timer);
        if (!message.begun) return void values.push(message.value);
        const what = JSON.stringify(jobs[values.length]).slice(0, 300);
        timer = setTimeout(() => reject(new Error(`Still running after ${limitMs} ms: ${what}`)), limitMs);
      });
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
  assert.equal(values.length, jobs.length);
  return values;
}
