import { delimiterOf } from './support/table/delimiter.ts';
import { layoutOf } from './support/table/table-layout.ts';
import { rowsEnd, rowsStart } from './support/table/row-cut.ts';
import { lineEndsIn } from './support/table/row-scanner.ts';
import { TableReader } from './support/table/table-reader.ts';
import { ownLayout } from './support/table/own-table.ts';
import { type Format } from './support/format.ts';

/**
 * Values separated by commas, semicolons, tabs, bars, carets or blanks (RFC 4180; quoted cells may hold line ends), with
 * or without a header row. `CellReader` says what becomes of a cell.
 */
export default {
  name: 'csv',
  endings: ['.csv', '.tsv', '.tab', '.psv', '.txt'],
  looksLike: (head) => delimiterOf(head.split(/[\r\n]/, 1)[0]!) !== null,
  layout: (head, options, pieces = []) => ownLayout(head) ?? layoutOf(head, options, pieces),
  async *rows(input, options) {
    const reader = new TableReader(options);
    for await (const piece of input.text()) {
      const rows = reader.push(piece, false);
      if (rows.length > 0) yield rows;
    }
    const rows = reader.push('', true);
    if (rows.length > 0) yield rows;
  },
  cut: { rowsEnd, rowsStart, lineEnds: lineEndsIn },
} satisfies Format;
