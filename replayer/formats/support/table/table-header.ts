import type { FormatOptions } from '../format.ts';
import type { RowScanner, ScannedRow } from './row-scanner.ts';

/** One of the things that stand before the rows of a table: a title's line, the header, or a row of units. */
export interface Preliminary {
  kind: 'title' | 'header' | 'units';
  /** Passes it; null where the text does not hold all of it. */
  pass(scanner: RowScanner): ScannedRow | string | null;
}

/** What stands before the rows of a table, in order. */
export function rowsBefore({
  header = true,
  skipLines,
  units,
}: Pick<FormatOptions, 'header' | 'skipLines' | 'units'>): Preliminary[] {
  const before: Preliminary[] = Array.from({ length: skipLines ?? 0 }, () => ({
    kind: 'title',
    pass: (scanner) => scanner.skipLine(),
  }));
  // Where the place of the header is given, it may look like a comment.
  if (header)
    before.push({
      kind: 'header',
      pass: (scanner) => (skipLines === undefined ? scanner.next() : scanner.nextHeader()),
    });
  if (units) before.push({ kind: 'units', pass: (scanner) => scanner.next() });
  return before;
}

/**
 * The names of a table's columns, from the cells of its header: without blanks around them and without the sign of a
 * comment before the first. A column without a name is `column_3`, and a name that occurs again is `speed_2`.
 */
export function columnNames(cells: readonly string[]): string[] {
  const names: string[] = [];
  for (const [i, cell] of cells.entries()) {
    const written = cell.trim();
    const name = (i === 0 ? written.replace(/^(?:#|\/\/|%)\s*(?=\S)/, '') : written) || `column_${i + 1}`;
    let unique = name;
    for (let n = 2; names.includes(unique); n++) unique = `${name}_${n}`;
    names.push(unique);
  }
  return names;
}
