import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { asRepriseError } from '../../core/problems/errors.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import type { Problem, RecordingDescription, RecordingPreview } from '../../schemas/types.ts';
import { describe } from '../files/describe.ts';
import { preview } from '../files/preview.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import { addFormats } from '../reading/formats.ts';

/** What a thread is asked to read. */
export interface ReadingOrder {
  path: string;
  options: OpenOptions;
  /** How many records a preview shows; null: the whole recording is described. */
  records: number | null;
}

/** What a thread finds. */
export type ReadingResult = RecordingDescription | RecordingPreview;

/** What it posts for each order. */
export type ReadingReply = { result: ReadingResult } | { problem: Problem };

/** Lower than that of replays, which must be on time. Linux has a priority for each thread, other systems do not. */
const NICENESS = 10;

if (process.platform === 'linux') setPriority(0, NICENESS);
const { plugins } = workerData as { plugins: string[] };
// The process has already reported what is wrong with a plugin.
addFormats(await Plugins.load(plugins, { error: () => {} }));

async function read({ path, options, records }: ReadingOrder): Promise<ReadingReply> {
  try {
    return { result: await (records === null ? describe(path, options) : preview(path, options, records)) };
  } catch (error) {
    return { problem: asRepriseError(error).toProblem() };
  }
}

parentPort!.on('message', (order: ReadingOrder) => {
  void read(order).then((reply) => parentPort!.postMessage(reply));
});
