import { parentPort, workerData } from 'node:worker_threads';
import { asRepriseError } from '../core/errors.ts';
import { Plugins } from '../core/plugins.ts';
import type { Problem } from '../schemas/types.ts';
import { convert, type ConvertReport, type ConvertRequest } from './files/convert.ts';
import { addFormats } from './formats/index.ts';

/** What the thread is given. */
export interface ConversionOrder {
  request: ConvertRequest;
  /** Their formats are to be known here, too. */
  plugins: string[];
}

/** What it posts, once. */
export type ConversionReply = { report: ConvertReport } | { problem: Problem };

const { request, plugins } = workerData as ConversionOrder;

// What is wrong with a plugin, the process has said.
const quiet = { error: () => {} };

let reply: ConversionReply;
try {
  addFormats(await Plugins.load(plugins, quiet));
  reply = { report: await convert(request) };
} catch (error) {
  reply = { problem: asRepriseError(error).toProblem() };
}
parentPort!.postMessage(reply);
