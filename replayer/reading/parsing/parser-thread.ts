import { parentPort } from 'node:worker_threads';
import { asRepriseError } from '../../../core/problems/errors.ts';
import { Parser, type ParserPlan } from './parser.ts';

/** A run of rows to parse. `file` numbers the files: each has one plan and one header. */
export interface ThreadRequest {
  id: number;
  file: number;
  plan: ParserPlan;
  header: Uint8Array;
  bytes: Uint8Array;
}

/** Runs on the threads that parallel.ts starts. Keeps the parsers of the files read last. */
const parsers = new Map<number, Parser>();
const PARSERS_MAX = 8;

parentPort!.on('message', ({ id, file, plan, header, bytes }: ThreadRequest) => {
  void (async () => {
    try {
      let parser = parsers.get(file);
      if (!parser) {
        if (parsers.size === PARSERS_MAX) parsers.delete(parsers.keys().next().value!);
        parsers.set(file, (parser = new Parser(plan)));
      }
      const { block, ...rest } = await parser.run(bytes, header);
      const { timesMs, subjects, starts, ends, names, data } = block;
      const columns = [timesMs, subjects, starts, ends, data, rest.rowLines];
      const buffers = new Set(columns.map((column) => column.buffer));
      parentPort!.postMessage(
        { id, answer: { columns: { timesMs, subjects, starts, ends, names, data }, ...rest } },
        [...buffers] as ArrayBuffer[],
      );
    } catch (error) {
      parentPort!.postMessage({ id, problem: asRepriseError(error).toProblem() });
    }
  })();
});

parentPort!.postMessage({ ready: true });
