import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { refusal, sentence } from '../../core/problems/errors.ts';
import { badRow, type Format, type Row } from './support/format.ts';

const MAGIC = 'PAR1';
/** A chunk takes a second at most, but a broken file can keep its reader busy for ever. */
const CHUNK_MAX_MS = 10_000;
const MEMORY_MAX_MB = 1_000;

/**
 * Apache Parquet, read one row group at a time. Empty values are left out; timestamps become ISO 8601; bytes become
 * base64. It is read on a thread of its own, so that a broken file can't take the process down.
 */
export default {
  name: 'parquet',
  endings: ['.parquet'],
  isBinary: true,
  looksLike: (head) => head.startsWith(MAGIC),
  async *rows({ path }, { rename }) {
    if (path === null) throw notSeekable();
    const worker = new Worker(new URL('./support/parquet/thread.mjs', import.meta.url), {
      workerData: { path, rename },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MAX_MB },
    });
    let line = 1;
    try {
      for (;;) {
        worker.postMessage('next');
        const [rows] = (await once(worker, 'message', { signal: AbortSignal.timeout(CHUNK_MAX_MS) })) as [
          Row[] | null,
        ];
        if (rows === null) return;
        yield rows;
        line = (rows.at(-1)?.line ?? line) + 1;
      }
    } catch (error) {
      const isStuck = error instanceof Error && error.name === 'AbortError';
      const reason = isStuck ? 'its reader did not finish in ten seconds.' : sentence(error);
      yield [badRow(line, `Not Parquet from row ${line} on: ${reason}`, '')];
    } finally {
      await worker.terminate();
    }
  },
} satisfies Format;

function notSeekable(): Error {
  return refusal('format_needs_file', 'Parquet can be read from an uncompressed file only.', {
    hint: 'Write it to a file and play that.',
  });
}
