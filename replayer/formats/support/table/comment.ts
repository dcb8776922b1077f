import { likely, type Decision } from '../decision.ts';
import { delimiterDecision, usualWidth } from './delimiter.ts';
import { RowScanner } from './row-scanner.ts';
import type { TableSample } from './table-sample.ts';

const SIGNS = ['#', '//', '%', '--'];

/** The comments of a table, and the place of a header that is written as one. */
export interface Comments {
  comment?: Decision<string>;
  skipLines?: Decision<number>;
}

/**
 * Finds lines that are comments: they begin with a usual sign, unless the rows themselves begin with it. A header that is
 * written as a comment is still the header. `isValue` tells whether a cell is a number or a time; `given` is the
 * delimiter that the user gave.
 */
export function commentsOf(
  sample: TableSample,
  isValue: (cell: string) => boolean,
  given?: string,
): Comments {
  const { lines } = sample;
  for (const sign of SIGNS) {
    const marked = lines.flatMap((line, i) => (line.startsWith(sign) ? [i] : []));
    if (marked.length === 0) continue;
    const delimiter = given ?? delimiterDecision(sample, sign).value;
    const rows = sample.headRows({ delimiter, comment: sign });
    const width = usualWidth(rows);
    const cellsOf = (i: number) => new RowScanner(lines[i]!, { delimiter }, true).nextHeader()?.cells ?? [];
    const isRow = (i: number) => width > 1 && cellsOf(i).length === width;
    // Only a header is without the sign: the sign belongs to the values, such as #12.
    if (marked.every(isRow) && rows.length <= 1 && marked.length > 1) continue;
    const leading = marked.filter((line) => lines.slice(0, line).every((l, i) => !l || marked.includes(i)));
    const header = headerIn(leading, (i) => isRow(i) && !stripped(cellsOf(i), sign).some(isValue));
    const comment =
      marked.length > 1 || header === undefined
        ? { comment: likely(sign, `${marked.length} lines begin with ${sign}`) }
        : {};
    if (header === undefined || !rows[0]?.cells.some(isValue)) {
      if (comment.comment || header === undefined) return comment;
      return { comment: likely(sign, `a line begins with ${sign}`) };
    }
    const because = `line ${header + 1} has a name for each column`;
    return { ...comment, skipLines: likely(header, because) };
  }
  return {};
}

/** The first of the lines at the end of the leading comments that could be a header. A line of units may follow it. */
function headerIn(leading: readonly number[], couldBe: (line: number) => boolean): number | undefined {
  const last = leading.findLastIndex((line) => !couldBe(line));
  return leading[last + 1];
}

function stripped([first = '', ...others]: readonly string[], sign: string): string[] {
  // Quoted names are without it already.
  const name = first.startsWith(sign) ? first.slice(sign.length) : first;
  return [name.trim(), ...others.map((cell) => cell.trim())];
}
