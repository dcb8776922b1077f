import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Block } from '../core/block.ts';
import { invariant } from '../core/errors.ts';
import type { Format } from './formats/format.ts';
import { Parser, type Parsed, type ParsedColumns, type ParserPlan } from './parser.ts';
import { wholeRows } from './source.ts';

/** More threads than these only wait for the one that puts their results in order. */
const THREADS = Math.max(1, Math.min(4, availableParallelism()));
const RUNS_PER_THREAD = 2;

interface Reply {
  id: number;
  parsed?: ParsedColumns;
  error?: string;
}

interface Request {
  file: number;
  plan: ParserPlan;
  header: Uint8Array;
  bytes: Uint8Array;
}

/** Threads that read runs of rows. They start at the first use, and hold no process back from its end. */
class Threads {
  readonly #ready: Worker[] = [];
  readonly #waiting = new Map<number, { resolve(parsed: ParsedColumns): void; reject(error: Error): void }>();
  #started = false;
  #runs = 0;
  files = 0;

  start(): void {
    if (this.#started) return;
    this.#started = true;
    for (let i = 0; i < THREADS; i++) this.#thread();
  }

  /** Has a run read; null while no thread has come up yet. */
  run(request: Request): Promise<ParsedColumns> | null {
    const id = ++this.#runs;
    const worker = this.#ready[id % this.#ready.length];
    if (!worker) return null;
    worker.ref();
    worker.postMessage({ id, ...request }, [request.bytes.buffer as ArrayBuffer]);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #thread(): void {
    const worker = new Worker(new URL('parser-thread.mjs', import.meta.url));
    worker.unref();
    worker.once('message', () => {
      this.#ready.push(worker);
      worker.on('message', (reply: Reply) => this.#settle(reply));
    });
    worker.on('error', (error) => {
      const at = this.#ready.indexOf(worker);
      if (at >= 0) this.#ready.splice(at, 1);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  #settle({ id, parsed, error }: Reply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) for (const worker of this.#ready) worker.unref();
    if (parsed) waiting?.resolve(parsed);
    else waiting?.reject(invariant(error ?? 'a thread answered nothing'));
  }
}

const threads = new Threads();

const NOTHING = Buffer.alloc(0);

/** Reads a file's rows on several threads; answers in the order of the file, a few runs ahead of the reader. */
export async function* parsedInParallel(
  bytes: AsyncIterable<Buffer>,
  cut: NonNullable<Format['cut']>,
  plan: ParserPlan,
): AsyncGenerator<Parsed> {
  const file = ++threads.files;
  const parser = new Parser(plan);
  threads.start();
  const ahead: Promise<ParsedColumns>[] = [];
  const names: string[] = [];
  const index = new Map<string, number>();
  let header: Buffer | null = null;
  try {
    for await (const run of wholeRows(bytes, (piece) => cut.rowsEnd(piece, plan.options))) {
      const before = header ?? NOTHING;
      header ??= Buffer.from(run.subarray(0, cut.rowsStart?.(run, plan.options) ?? 0));
      const request = { file, plan, header: before, bytes: run };
      // Threads take a while to come up, and this one need not wait for them.
      ahead.push(threads.run(request) ?? columnsOf(parser.run(run, before)));
      ahead.at(-1)!.catch(() => {});
      if (ahead.length > THREADS * RUNS_PER_THREAD) yield joined(await ahead.shift()!, names, index);
    }
    while (ahead.length > 0) yield joined(await ahead.shift()!, names, index);
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function columnsOf(parsed: Promise<Parsed>): Promise<ParsedColumns> {
  const { block, ...rest } = await parsed;
  return { columns: block, ...rest };
}

/** A run's block with the subjects counted as in the whole file. */
function joined({ columns, ...rest }: ParsedColumns, names: string[], index: Map<string, number>): Parsed {
  const places = columns.names.map((name) => {
    let place = index.get(name);
    if (place === undefined) index.set(name, (place = names.push(name) - 1));
    return place;
  });
  const { subjects, data } = columns;
  if (places.some((place, i) => place !== i)) {
    for (let row = 0; row < subjects.length; row++) subjects[row] = places[subjects[row]!]!;
  }
  // A Buffer comes out of another thread as a plain Uint8Array.
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  return { block: new Block({ ...columns, names, data: bytes }), ...rest };
}
