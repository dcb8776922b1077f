import type { Block } from '../../core/wire/block.ts';
import { refusal } from '../../core/problems/errors.ts';
import { reordered, sorted, type Disorder } from './order/order.ts';
import { withPauses } from './order/pauses.ts';
import type { RecordReader } from './record-reader.ts';
import type { Source } from './source/source.ts';

/** A file of up to this size, decompressed, is put in order as a whole; a larger one within a window. */
const MEMORY_MAX_BYTES = 64_000_000;

/** The records of a recording in time order. Where they come from depends on its size, and on whether it is a pipe. */
export interface OrderedBlocks {
  /** Time of the first record, epoch ms; NaN where there is no record. */
  readonly startMs: number;
  /** Time of the last record, epoch ms; null where only a full reading would tell. */
  readonly endMs: number | null;
  /** The number of records; null where only a full reading would tell. */
  readonly count: number | null;
  /** Whether the whole recording is in order, and not only rows within a window. */
  readonly sorted: boolean;
  /** The records from the start. @throws refusal when a pipe was read before */
  blocks(): Iterable<Block> | AsyncIterable<Block>;
  /** The records from the start, to look something up: without counting, and nothing from a pipe. */
  lookUp(): Iterable<Block> | AsyncIterable<Block>;
}

/** How records are held back to put them in order. */
interface Holding {
  /** The reorder window. */
  windowMs: number;
  /** Where nothing is held back once the source is quiet: as in `Source`. */
  quiet: Source['quiet'];
}

/** Reads a source into memory where it fits, or at least up to its first record. */
export async function orderedBlocks(
  reader: RecordReader,
  source: Source,
  holding: Holding,
): Promise<OrderedBlocks> {
  const { windowMs } = holding;
  if (source.once) return PipedBlocks.begin(reader, holding, source.name);
  if ((source.bytes ?? 0) <= MEMORY_MAX_BYTES) {
    const progress = { bytes: 0 };
    const fits = () => progress.bytes <= MEMORY_MAX_BYTES;
    const blocks = await sorted(reader.read(progress), reader.disorder, fits);
    if (blocks) return new MemoryBlocks(blocks);
  }
  return WindowedBlocks.begin(reader, windowMs);
}

/** A recording that fits into memory. */
class MemoryBlocks implements OrderedBlocks {
  readonly sorted = true;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly count: number;
  readonly #blocks: Block[];

  constructor(blocks: Block[]) {
    this.#blocks = blocks;
    this.startMs = blocks[0]?.timesMs[0] ?? NaN;
    this.endMs = blocks.at(-1)?.timesMs.at(-1) ?? null;
    this.count = blocks.reduce((sum, { count }) => sum + count, 0);
  }

  blocks(): Block[] {
    return this.#blocks;
  }

  lookUp(): Block[] {
    return this.#blocks;
  }
}

/** A larger file: it is read again for each pass, and put in order within a window. */
class WindowedBlocks implements OrderedBlocks {
  readonly sorted = false;
  readonly endMs = null;
  readonly count = null;
  readonly startMs: number;
  readonly #reader: RecordReader;
  readonly #windowMs: number;

  private constructor(reader: RecordReader, windowMs: number, startMs: number) {
    this.#reader = reader;
    this.#windowMs = windowMs;
    this.startMs = startMs;
  }

  static async begin(reader: RecordReader, windowMs: number): Promise<WindowedBlocks> {
    let startMs = NaN;
    for await (const block of reordered(reader.read(), windowMs, reader.disorder)) {
      startMs = block.timesMs[0]!;
      break;
    }
    return new WindowedBlocks(reader, windowMs, startMs);
  }

  blocks(): AsyncGenerator<Block> {
    return reordered(this.#reader.read(), this.#windowMs, this.#reader.disorder);
  }

  lookUp(): AsyncGenerator<Block> {
    const uncounted: Disorder = { reordered: 0, late: 0, outliers: 0 };
    return reordered(this.#reader.readSilently(), this.#windowMs, uncounted);
  }
}

/** A pipe: it is read once, and put in order within a window. */
class PipedBlocks implements OrderedBlocks {
  readonly sorted = false;
  readonly endMs = null;
  readonly count = null;
  readonly startMs: number;
  readonly #first: Block | null;
  readonly #rest: AsyncGenerator<Block>;
  readonly #name: string;
  #wasRead = false;

  private constructor(first: Block | null, rest: AsyncGenerator<Block>, name: string) {
    this.#first = first;
    this.#rest = rest;
    this.#name = name;
    this.startMs = first?.timesMs[0] ?? NaN;
  }

  /** Waits for the pipe's first record. */
  static async begin(reader: RecordReader, { windowMs, quiet }: Holding, name: string): Promise<PipedBlocks> {
    const read = quiet ? withPauses(reader.read(), quiet) : reader.read();
    const blocks = reordered(read, windowMs, reader.disorder);
    const first = await blocks.next();
    return new PipedBlocks(first.done ? null : first.value, blocks, name);
  }

  async *blocks(): AsyncGenerator<Block> {
    if (this.#wasRead)
      throw refusal('recording_passed', `${this.#name} can be read once only: no seek, no loop.`, {
        hint: 'Write it to a file first and play that.',
      });
    this.#wasRead = true;
    try {
      if (this.#first) yield this.#first;
      yield* this.#rest;
    } finally {
      await this.#rest.return(undefined);
    }
  }

  lookUp(): Block[] {
    return [];
  }
}
