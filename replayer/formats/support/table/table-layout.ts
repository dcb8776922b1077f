import type { FormatOptions, Layout } from '../format.ts';
import { certain, given, guess, likely, type Decision } from '../decision.ts';
import { guessTimeFormat } from '../times/guess.ts';
import { columnsOf, decimalOf, textColumns } from './columns.ts';
import { commentsOf } from './comment.ts';
import { delimiterDecision, usualWidth } from './delimiter.ts';
import { numberText } from './numbers.ts';
import { RowScanner, type ScannedRow } from './row-scanner.ts';
import { columnNames } from './table-header.ts';
import { TableSample } from './table-sample.ts';

/** Titles are looked for in this many rows. */
const TITLES_MAX = 20;
const UNIT_CHARACTERS = 20;

/** What is found out about a text table. */
type TableLayout = Layout & Required<Pick<Layout, 'delimiter' | 'header'>>;

/** How a text table is written: each option as given, else inferred from its beginning and from pieces of the rest. */
export function layoutOf(
  head: string,
  options: Omit<FormatOptions, 'rename'>,
  pieces: readonly string[] = [],
): TableLayout {
  const sample = new TableSample(head, pieces);
  const layout: Layout = options.comment === undefined ? commentsOf(sample, isValue, options.delimiter) : {};
  // In place of what the comments say.
  if (options.skipLines !== undefined) layout.skipLines = given(options.skipLines);
  if (options.units !== undefined) layout.units = given(options.units);
  const comment = options.comment ?? layout.comment?.value;
  const delimiter =
    options.delimiter === undefined ? delimiterDecision(sample, comment) : given(options.delimiter);
  const dialect = { delimiter: delimiter.value, comment };

  let rows = withHeader(sample, dialect, layout.skipLines?.value);
  const width = usualWidth([...rows, ...sample.laterRows(dialect)]);
  if (!layout.skipLines) {
    const titles = titlesIn(rows, width);
    if (titles > 0) {
      const { line } = rows[titles]!;
      layout.skipLines = likely(
        line - 1,
        `line ${line} is the first with ${width} cells; titles stand before it`,
      );
      rows = rows.slice(titles);
    }
  }
  const headed = options.header === undefined ? headerOf(rows) : given(options.header);
  const header = headed.value ? rows.shift()?.cells : undefined;
  if (!layout.units && header && unitsIn(rows)) {
    layout.units = likely(
      true,
      `the row after the header holds ${rows[0]!.cells.filter(Boolean).join(', ')}`,
    );
  }
  if (layout.units?.value) rows.shift();

  const names = options.columns ?? columnNames(header ?? Array.from({ length: width }, () => ''));
  if (!header && !options.columns && width > 1)
    layout.columns = certain(names, `there is no header, and rows have ${width} cells`);
  const data = [...rows, ...sample.laterRows(dialect)].filter(
    ({ cells, problem }) =>
      problem === undefined &&
      cells.length >= names.length &&
      !cells.every((cell, i) => cell === header?.[i]),
  );
  const columns = columnsOf(names, data, dialect.delimiter);
  const decimal = options.decimal === undefined ? decimalOf(columns) : given(options.decimal);
  if (decimal) layout.decimal = decimal;
  const text = textColumns(columns, decimal?.value ?? '.');
  if (text) layout.text = text;
  return { ...layout, delimiter, header: headed };
}

/** Whether a cell is a number or a time, and so not a name. */
function isValue(cell: string): boolean {
  const value = cell.trim();
  return (
    numberText(value) !== null ||
    numberText(value, ',') !== null ||
    guessTimeFormat([value])?.value !== undefined
  );
}

/** The rows of the beginning. Where lines before the header are passed over, the header may look like a comment. */
function withHeader(
  sample: TableSample,
  dialect: { delimiter: string; comment: string | undefined },
  skipLines: number | undefined,
): ScannedRow[] {
  if (skipLines === undefined) return sample.headRows(dialect);
  const rows = sample.headRows(dialect).filter(({ line }) => line > skipLines);
  const { delimiter } = dialect;
  const line = skipLines + 1;
  const first = new RowScanner(sample.lines[skipLines] ?? '', { delimiter }, true, line).nextHeader();
  // Names over several lines are whole only where all of the text is scanned.
  return first && first.problem === undefined ? [first, ...rows.filter((row) => row.line !== line)] : rows;
}

/**
 * How many rows at the beginning are titles: they have another number of cells than the table, and fill at most half as
 * many. Before a row of names they may fill more.
 */
function titlesIn(rows: readonly ScannedRow[], width: number): number {
  const filled = ({ cells }: ScannedRow) => cells.filter((cell) => cell.trim() !== '').length;
  const isFew = (row: ScannedRow) => filled(row) <= width / 2 && (row.cells.length !== width || width > 2);
  const first = rows.findIndex((row) => row.cells.length === width && !isFew(row));
  if (width < 2 || first < 1 || first > TITLES_MAX || rows.length - first < 2) return 0;
  const hasNames = !rows[first]!.cells.some(isValue);
  // Without a header, a row of the table's width that holds a value is a sparse row of data.
  const isData = (row: ScannedRow) => !hasNames && row.cells.length === width && row.cells.some(isValue);
  const isTitle = (row: ScannedRow) =>
    row.problem === undefined && (isFew(row) ? !isData(row) : hasNames && row.cells.length < width);
  return rows.slice(0, first).every(isTitle) ? first : 0;
}

/** A row is a header unless one of its cells holds a number or a time, or recurs below in the same column. */
function headerOf([first, ...rows]: readonly ScannedRow[]): Decision<boolean> {
  const names = first?.cells ?? [];
  const value = names.find(isValue);
  if (value !== undefined)
    return certain(false, `the first row holds ${JSON.stringify(value.trim())}, which is not a name`);
  // Files put together from several repeat the whole header: that does not count.
  const others = rows.filter(({ cells }) => cells.some((cell, i) => cell !== names[i]));
  const again = names.find(
    (cell, i) => cell !== '' && others.filter(({ cells }) => cells[i] === cell).length > 1,
  );
  const column = names.findIndex(
    (_, i) => others.length > 0 && others.every(({ cells }) => isValue(cells[i] ?? '')),
  );
  const recurs = `${JSON.stringify(again)} of the first row recurs in its column`;
  if (column === -1)
    return again === undefined ? likely(true, 'the first row reads like names') : likely(false, recurs);
  const holds = `the rows below ${JSON.stringify(names[column]!.trim())} hold values`;
  return again === undefined ? certain(true, holds) : guess(true, holds, { value: false, because: recurs });
}

/** Whether the first row names units: it holds no value, where the columns below hold numbers. */
function unitsIn([first, ...rows]: readonly ScannedRow[]): boolean {
  if (!first || rows.length === 0) return false;
  const isUnit = (cell: string) => cell.length <= UNIT_CHARACTERS && !isValue(cell) && !/\d{2}/.test(cell);
  if (!first.cells.every(isUnit)) return false;
  const columns = first.cells.filter(
    (cell, i) =>
      cell.trim() !== '' &&
      rows.every(({ cells }) => {
        const below = (cells[i] ?? '').trim();
        return below === '' || isValue(below);
      }) &&
      rows.some(({ cells }) => (cells[i] ?? '').trim() !== ''),
  );
  return columns.length > 0 && columns.some((cell) => /\p{L}|[%°]/u.test(cell));
}
