import { availableParallelism } from 'node:os';
import { Block } from '../../../core/wire/block.ts';
import type { Format } from '../../formats/support/format.ts';
import { Parser, type Parsed, type ParsedColumns, type ParsedRun, type ParserPlan } from './parser.ts';
import type { Subjects } from './subjects.ts';
import { wholeRows } from '../source/input.ts';
import { ThreadPool } from './thread-pool.ts';

/** More threads would only wait for the thread that joins their results. */
const THREADS = Math.max(1, Math.min(4, availableParallelism()));
const RUNS_PER_THREAD = 2;

interface ParseRequest {
  file: number;
  plan: ParserPlan;
  header: Uint8Array;
  bytes: Uint8Array;
}

const threads = new ThreadPool<ParseRequest, ParsedColumns>(
  new URL('parser-thread.mjs', import.meta.url),
  THREADS,
);
let files = 0;

const NO_HEADER = Buffer.alloc(0);

/** Parses a file's rows on several threads, a few runs ahead of the reader. Results come in the order of the file. */
export async function* parsedInParallel(
  bytes: AsyncIterable<Buffer>,
  cut: NonNullable<Format['cut']>,
  plan: ParserPlan,
  subjects: Subjects,
): AsyncGenerator<Parsed> {
  const file = ++files;
  const parser = new Parser(plan);
  threads.start();
  const ahead: Promise<ParsedColumns>[] = [];
  let header: Buffer | null = null;
  try {
    for await (const run of wholeRows(bytes, (piece) => cut.rowsEnd(piece, plan.options))) {
      const before = header ?? NO_HEADER;
      header ??= Buffer.from(run.subarray(0, cut.rowsStart?.(run, plan.options) ?? 0));
      const request = { file, plan, header: before, bytes: run };
      // Threads take a while to start. Until one is ready, this thread does the work.
      ahead.push(threads.run(request, [run.buffer as ArrayBuffer]) ?? columnsOf(parser.run(run, before)));
      ahead.at(-1)!.catch(() => {});
      if (ahead.length > THREADS * RUNS_PER_THREAD) yield joined(await ahead.shift()!, subjects);
    }
    while (ahead.length > 0) yield joined(await ahead.shift()!, subjects);
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function columnsOf(parsed: Promise<ParsedRun>): Promise<ParsedColumns> {
  const { block, ...rest } = await parsed;
  return { columns: block, ...rest };
}

/** A run's block, with its subjects numbered as in the whole file. */
function joined({ columns, subjects: own, ...rest }: ParsedColumns, all: Subjects): Parsed {
  const channels = own.channels.map((channel) => all.channel(channel));
  const places = columns.names.map((name, i) => all.subject(channels[own.channelOf[i]!]!, name));
  const { subjects, data } = columns;
  if (places.some((place, i) => place !== i)) {
    for (let row = 0; row < subjects.length; row++) subjects[row] = places[subjects[row]!]!;
  }
  // A Buffer arrives from another thread as a plain Uint8Array.
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  return { block: new Block({ ...columns, names: all.names, data: bytes }), ...rest };
}
