import { parentPort, workerData } from 'node:worker_threads';
import { parquetRows } from './rows.ts';

/** Runs on the thread that formats/parquet.ts starts: answers each message with a chunk of rows, null at the end. */
const { path, rename } = workerData as { path: string; rename: ReadonlyMap<string, string> };
const chunks = parquetRows(path, rename);

parentPort!.on('message', () => {
  void chunks.next().then(({ done, value }) => parentPort!.postMessage(done ? null : value));
});
