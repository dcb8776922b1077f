import { parentPort, workerData } from 'node:worker_threads';
import { parquetRows } from './parquet-rows.ts';

/** The thread's side of formats/parquet.ts: a chunk of rows each time it is asked, null at the end. */
const { path, rename } = workerData as { path: string; rename: ReadonlyMap<string, string> };
const chunks = parquetRows(path, rename);

parentPort!.on('message', () => {
  void chunks.next().then(({ done, value }) => parentPort!.postMessage(done ? null : value));
});
