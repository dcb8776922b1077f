import type { Input, Row } from '../format.ts';
import { beforeFirstValue } from './beginning.ts';
import { PLAN_CHARACTERS } from './plan.ts';
import type { Route, ScannedValue } from './scan/scanned.ts';
import { JsonScanner } from './scanner.ts';

const ROWS_PER_CHUNK = 1_000;

/** How a document is read, as its beginning tells. */
export interface Reading {
  route: Route;
  /** A value that is longer is refused. */
  maxCharacters: number;
  /** The rows of a value that the scanner found. */
  rowsOf(value: ScannedValue): Iterable<Row>;
}

/** The rows of a JSON text, in chunks. `begin` is given the beginning of the text, the same however it is cut into pieces. */
export async function* scannedRows(
  { text }: Pick<Input, 'text'>,
  begin: (head: string) => Reading,
): AsyncGenerator<Row[]> {
  let head = '';
  let started: { scanner: JsonScanner; reading: Reading } | null = null;
  const start = () => {
    const before = Math.max(0, beforeFirstValue(head));
    const reading = begin(head.slice(0, PLAN_CHARACTERS));
    const line = head.slice(0, before).split('\n').length;
    const scanner = new JsonScanner(reading.route, reading.maxCharacters, line);
    const values = scanner.push(head.slice(before));
    head = '';
    return { scanner, reading, values };
  };
  for await (const piece of text()) {
    if (started) yield* chunks(started.scanner.push(piece), started.reading);
    else {
      head += piece;
      if (head.length < PLAN_CHARACTERS) continue;
      const { values } = (started = start());
      yield* chunks(values, started.reading);
    }
  }
  if (!started) {
    const { values } = (started = start());
    yield* chunks(values, started.reading);
  }
  yield* chunks(started.scanner.end(), started.reading);
}

function* chunks(values: ScannedValue[], reading: Reading): Generator<Row[]> {
  let chunk: Row[] = [];
  for (const value of values) {
    for (const row of reading.rowsOf(value)) {
      if (chunk.push(row) < ROWS_PER_CHUNK) continue;
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}
