import { parentPort, workerData } from 'node:worker_threads';
import { asRepriseError } from '../../core/problems/errors.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import type { Problem } from '../../schemas/types.ts';
import type { ConvertReport, ConvertRequest } from '../files/convert-request.ts';
import { convert } from '../files/convert.ts';
import { addFormats } from '../reading/formats.ts';

/** What the thread gets to do. */
export interface ConversionOrder {
  request: Omit<ConvertRequest, 'progress'>;
  /** The plugins whose formats the thread needs. */
  plugins: string[];
}

/** What it posts: now and then the share that is done, 0 to 1; at last the report or the problem. */
export type ConversionReply = { share: number } | { report: ConvertReport } | { problem: Problem };

const TELL_MS = 200;

const { request, plugins } = workerData as ConversionOrder;

// The process has already reported what is wrong with a plugin.
const quiet = { error: () => {} };

const post = (reply: ConversionReply): void => parentPort!.postMessage(reply);
let toldMs = -Infinity;
const progress = (share: number): void => {
  const now = performance.now();
  if (now - toldMs < TELL_MS) return;
  toldMs = now;
  post({ share });
};

try {
  addFormats(await Plugins.load(plugins, quiet));
  post({ report: await convert({ ...request, progress }) });
} catch (error) {
  post({ problem: asRepriseError(error).toProblem() });
}
