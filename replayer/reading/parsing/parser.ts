import { Readable } from 'node:stream';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Block } from '../../../core/wire/block.ts';
import { BlockBuilder, type Columns } from '../../../core/wire/block.ts';
import type { Data } from '../../../core/wire/event.ts';
import { validator } from '../../../schemas/index.ts';
import { recordPredicate, type RecordFilter, type RecordPredicate } from '../record-filter.ts';
import type { FormatOptions, Input, Row } from '../../formats/support/format.ts';
import { formats } from '../formats.ts';
import type { Interpretation } from '../inference/inference.ts';
import { rowMapper } from './row-mapper.ts';
import { decoded } from '../source/input.ts';

/** How the rows of one file become records. Plain data, so that it can be sent to another thread. */
export interface ParserPlan {
  format: string;
  options: FormatOptions;
  /** Time between rows that have no times of their own, counted from 1970; null where rows have times. Not for runs. */
  everyMs: number | null;
  interpretation: Interpretation;
  /** Subject of rows in which no column names one. */
  subject: string;
  /** The schema that data must satisfy, a path under schemas/; null for none. */
  schema: string | null;
  filter: RecordFilter;
}

/** A row that can't be played. */
export interface RefusedRow {
  /** Line in the file, from 1. */
  line: number;
  reason: string;
  content: string;
}

/** The result of parsing a run of rows. */
export interface Parsed {
  block: Block;
  /** The line of each row of the block. */
  rowLines: Uint32Array;
  refused: RefusedRow[];
  /** How many rows were left out by filter or sample, or because they only restore state. */
  filtered: number;
  /** Rows that the format says are not to be played: reason -> how many. */
  skipped: ReadonlyMap<string, number>;
  /** Optional values that mean "none" and were left out, such as NaN. */
  absent: number;
  /** How many line ends the run held. */
  lines: number;
}

/** `Parsed` as it is sent between threads. */
export interface ParsedColumns extends Omit<Parsed, 'block'> {
  columns: Columns;
}

/** Turns the rows of one file into records. Made once for each file and thread. */
export class Parser {
  readonly #plan: ParserPlan;
  readonly #map: ReturnType<typeof rowMapper>;
  readonly #format;
  readonly #passes: RecordPredicate | null;

  constructor(plan: ParserPlan) {
    this.#plan = plan;
    this.#format = formats.find(({ name }) => name === plan.format)!;
    const validate = plan.schema === null ? null : (validator<Data>(plan.schema) as ValidateFunction);
    this.#map = rowMapper(plan.interpretation, plan.subject, validate);
    this.#passes = recordPredicate(plan.filter);
  }

  /** Parses all rows of a file in order. The blocks share one list of names. */
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

  /** Parses a run of whole rows, reading `header` before it. Lines count from the beginning of the run. */
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

  /** Adds the rows that will be played to the builder, and counts the others. */
  #read(rows: Row[], builder: BlockBuilder, seen: RunCounts, headerLines: number): void {
    for (const row of rows) {
      if (row.restored) {
        seen.filtered++;
        continue;
      }
      if (row.skipped !== undefined) {
        seen.skipped.set(row.skipped, (seen.skipped.get(row.skipped) ?? 0) + 1);
        continue;
      }
      const record = this.#map(row);
      const line = row.line - headerLines;
      if (typeof record === 'string') {
        const content = row.text ?? row.json ?? JSON.stringify(row.values);
        seen.refused.push({ line, reason: record, content });
      } else if (this.#passes && !this.#passes(record.timeMs, record.subject, () => record.values))
        seen.filtered++;
      else {
        builder.add(record.timeMs, record.subject, record.data);
        seen.absent += record.absent;
        seen.rowLines.push(line);
      }
    }
  }
}

/** What is counted and noted of a run of rows, besides its block. */
class RunCounts {
  readonly rowLines: number[] = [];
  readonly refused: RefusedRow[] = [];
  readonly skipped = new Map<string, number>();
  filtered = 0;
  absent = 0;

  counts(): Omit<Parsed, 'block' | 'lines'> {
    const { refused, filtered, skipped, absent } = this;
    return { rowLines: Uint32Array.from(this.rowLines), refused, filtered, skipped, absent };
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
