import { Readable } from 'node:stream';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Block } from '../core/block.ts';
import { BlockBuilder, type Columns } from '../core/block.ts';
import type { Data } from '../core/event.ts';
import { validator } from '../schemas/index.ts';
import type { FormatOptions, Input, Row } from './formats/format.ts';
import { formats } from './formats/index.ts';
import type { Reading } from './inference.ts';
import { mapper } from './mapping.ts';
import { decoded } from './source.ts';

/** How the rows of one file become records. Can be handed to another thread. */
export interface ParserPlan {
  format: string;
  options: FormatOptions;
  /** Rows get their times so far apart, from 1970 on; null: they have their own. For reading the whole file in order. */
  everyMs: number | null;
  reading: Reading;
  /** Of rows where no column names one. */
  subject: string;
  /** Of the data, a path under schemas/, or null. */
  schema: string | null;
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
  readonly #map: ReturnType<typeof mapper>;
  readonly #format;

  constructor(plan: ParserPlan) {
    this.#plan = plan;
    this.#format = formats.find(({ name }) => name === plan.format)!;
    const validate = plan.schema === null ? null : (validator<Data>(plan.schema) as ValidateFunction);
    this.#map = mapper(plan.reading, plan.subject, validate);
  }

  /** All rows of a file, in order, in blocks that share their names. */
  async *file(input: Input): AsyncGenerator<Parsed> {
    const builder = new BlockBuilder();
    const { everyMs } = this.#plan;
    let count = 0;
    for await (const rows of this.#format.rows(input, this.#plan.options)) {
      if (everyMs !== null) for (const row of rows) row.timeMs = everyMs * count++;
      const rowLines: number[] = [];
      const refused: RefusedRow[] = [];
      this.#read(rows, builder, { rowLines, refused }, 0);
      yield { block: builder.take(), rowLines: Uint32Array.from(rowLines), refused, lines: 0 };
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
    const rowLines: number[] = [];
    const refused: RefusedRow[] = [];
    for await (const rows of this.#format.rows(input, this.#plan.options)) {
      this.#read(rows, builder, { rowLines, refused }, headerLines);
    }
    const lines = counted.lineEnds - headerLines;
    return { block: builder.take(), rowLines: Uint32Array.from(rowLines), refused, lines };
  }

  /** Puts the rows that can be played into the builder. */
  #read(
    rows: Row[],
    builder: BlockBuilder,
    { rowLines, refused }: { rowLines: number[]; refused: RefusedRow[] },
    headerLines: number,
  ): void {
    for (const row of rows) {
      const record = this.#map(row);
      if (typeof record !== 'string') {
        builder.add(record.timeMs, record.subject, record.data);
        rowLines.push(row.line - headerLines);
      } else {
        refused.push({
          line: row.line - headerLines,
          reason: record,
          content: row.text ?? row.json ?? JSON.stringify(row.values),
        });
      }
    }
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
