import { Readable } from 'node:stream';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Block } from '../../core/wire/block.ts';
import { BlockBuilder, type Columns } from '../../core/wire/block.ts';
import type { Data } from '../../core/wire/event.ts';
import { validator } from '../../schemas/index.ts';
import { recordPredicate, type RecordFilter, type RecordPredicate } from './record-filter.ts';
import type { FormatOptions, Input, Row } from '../formats/support/format.ts';
import { formats } from './formats.ts';
import type { Interpretation } from './inference.ts';
import { rowMapper } from './row-mapper.ts';
import { decoded } from './input.ts';

/** How the rows of one file become records. Can be handed to another thread. */
export interface ParserPlan {
  format: string;
  options: FormatOptions;
  /** Rows get their times so far apart, from 1970 on; null: they have their own. For reading the whole file in order. */
  everyMs: number | null;
  reading: Interpretation;
  /** Of rows where no column names one. */
  subject: string;
  /** Of the data, a path under schemas/, or null. */
  schema: string | null;
  /** Which of them are played. */
  choice: RecordFilter;
}

/** A row that can't be played. */
export interface RefusedRow {
  /** In the file, from 1. */
  line: number;
  reason: string;
  content: string;
}

/** What a run of rows holds. */
export interface Parsed {
  block: Block;
  /** Of each row of the block, as of the refused ones. */
  rowLines: Uint32Array;
  refused: RefusedRow[];
  /** Rows that were not chosen, or are no news. */
  filtered: number;
  /** Line ends passed. */
  lines: number;
}

/** As `Parsed`, for another thread. */
export interface ParsedColumns extends Omit<Parsed, 'block'> {
  columns: Columns;
}

/** Reads rows by a plan; made once a file and thread. */
export class Parser {
  readonly #plan: ParserPlan;
  readonly #map: ReturnType<typeof rowMapper>;
  readonly #format;
  readonly #chooses: RecordPredicate | null;

  constructor(plan: ParserPlan) {
    this.#plan = plan;
    this.#format = formats.find(({ name }) => name === plan.format)!;
    const validate = plan.schema === null ? null : (validator<Data>(plan.schema) as ValidateFunction);
    this.#map = rowMapper(plan.reading, plan.subject, validate);
    this.#chooses = recordPredicate(plan.choice);
  }

  /** All rows of a file, in order, in blocks that share their names. */
  async *file(input: Input): AsyncGenerator<Parsed> {
    const builder = new BlockBuilder();
    const { everyMs } = this.#plan;
    let count = 0;
    for await (const rows of this.#format.rows(input, this.#plan.options)) {
      if (everyMs !== null) for (const row of rows) row.timeMs = everyMs * count++;
      const seen = new RunCounts();
      this.#read(rows, builder, seen, 0);
      yield { block: builder.take(), ...seen.counts(), lines: 0 };
    }
  }

  /** A run of whole rows; lines are counted from its own beginning. `header` goes before it. */
  async run(bytes: Uint8Array, header: Uint8Array): Promise<Parsed> {
    const counted = { lineEnds: 0 };
    const pieces = header.length > 0 ? [header, bytes] : [bytes];
    const input = {
      path: null,
      bytes: () => Readable.from(pieces.map((piece) => Buffer.from(piece))) as AsyncIterable<Buffer>,
      text: () => countLineEnds(decoded(pieces), counted),
    };
    const headerLines = header.length > 0 ? lineEnds(Buffer.from(header).toString()) : 0;
    const builder = new BlockBuilder(4_096);
    const seen = new RunCounts();
    for await (const rows of this.#format.rows(input, this.#plan.options)) {
      this.#read(rows, builder, seen, headerLines);
    }
    return { block: builder.take(), ...seen.counts(), lines: counted.lineEnds - headerLines };
  }

  /** Puts the rows that are to be played into the builder. */
  #read(rows: Row[], builder: BlockBuilder, seen: RunCounts, headerLines: number): void {
    for (const row of rows) {
      if (row.restored) {
        seen.filtered++;
        continue;
      }
      const record = this.#map(row);
      const line = row.line - headerLines;
      if (typeof record === 'string') {
        const content = row.text ?? row.json ?? JSON.stringify(row.values);
        seen.refused.push({ line, reason: record, content });
      } else if (this.#chooses && !this.#chooses(record.timeMs, record.subject, () => row.values!))
        seen.filtered++;
      else {
        builder.add(record.timeMs, record.subject, record.data);
        seen.rowLines.push(line);
      }
    }
  }
}

/** What a run of rows was, besides the block. */
class RunCounts {
  readonly rowLines: number[] = [];
  readonly refused: RefusedRow[] = [];
  filtered = 0;

  counts(): Pick<Parsed, 'rowLines' | 'refused' | 'filtered'> {
    const { refused, filtered } = this;
    return { rowLines: Uint32Array.from(this.rowLines), refused, filtered };
  }
}

async function* countLineEnds(
  texts: AsyncIterable<string>,
  counted: { lineEnds: number },
): AsyncGenerator<string> {
  for await (const text of texts) {
    counted.lineEnds += lineEnds(text);
    yield text;
  }
}

function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
