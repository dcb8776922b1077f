import Papa from 'papaparse';
import type { FormatOptions } from './format.ts';
import { numberIn } from './cells.ts';
import { certain, given, likely, type Decision } from './decision.ts';
import { guessTimeFormat } from './times/guess.ts';
import { withoutComments } from './table-rows.ts';

const DELIMITERS = [',', ';', '\t', '|'];
const DELIMITER_NAMES: { [delimiter: string]: string } = {
  ',': 'commas',
  ';': 'semicolons',
  '\t': 'tabs',
  '|': 'bars',
};
const SNIFFED_CHARACTERS = 1 << 16;
const SNIFFED_ROWS = 200;

/** The delimiter that occurs most often in a line, outside of quotes; null when none occurs. */
export function delimiterOf(line: string): string | null {
  const bare = line.replace(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? null : DELIMITERS[counts.indexOf(most)]!;
}

/** How the lines of a text end, judged by its first line. */
export function newlineOf(text: string): '\n' | '\r\n' | '\r' {
  const end = text.search(/[\r\n]/);
  return text.startsWith('\r\n', end) ? '\r\n' : end !== -1 && text[end] === '\r' ? '\r' : '\n';
}

/** The line of the first row, after comments and blank lines; null where the text does not hold all of it. */
export function firstRowOf(text: string, comment: string | undefined, last = false): string | null {
  for (let from = 0; from <= text.length;) {
    const length = text.slice(from).search(/[\r\n]/);
    const line = length === -1 ? text.slice(from) : text.slice(from, from + length);
    // A \r at the very end may be the first half of \r\n.
    const whole = last || (length !== -1 && from + length < text.length - 1);
    if (line.trim() !== '' && !(comment && line.startsWith(comment))) return whole ? line : null;
    if (length === -1) break;
    from += length + (text.startsWith('\r\n', from + length) ? 2 : 1);
  }
  return last ? '' : null;
}

/** Delimiter and header of a text table: as given, else inferred from its beginning. */
export function layoutOf(
  head: string,
  options: Pick<FormatOptions, 'delimiter' | 'header' | 'comment'>,
): { delimiter: Decision<string>; header: Decision<boolean> } {
  const { comment } = options;
  const first = firstRowOf(head, comment, true)!;
  const found = options.delimiter ?? delimiterOf(first) ?? ',';
  const delimiter =
    options.delimiter === undefined
      ? likely(found, `the first row has ${DELIMITER_NAMES[found] ?? 'it'}`)
      : given(found);
  if (options.header !== undefined) return { delimiter, header: given(options.header) };
  return { delimiter, header: headerOf(head, found, comment) };
}

/** A row is a header unless one of its cells holds a number or a time, or recurs below in the same column. */
function headerOf(head: string, delimiter: string, comment: string | undefined): Decision<boolean> {
  const sniffed = head.slice(0, SNIFFED_CHARACTERS);
  const text = comment ? withoutComments(sniffed, delimiter, comment) : sniffed;
  const parser = new Papa.Parser({ delimiter, newline: newlineOf(text), preview: SNIFFED_ROWS });
  const parsed = parser.parse(text, 0, text.length < head.length) as Papa.ParseResult<string[]>;
  const [names, ...rows] = parsed.data.filter((cells) => cells.some((cell) => cell.trim() !== ''));
  const value = names?.find(
    (cell) => !Number.isNaN(numberIn(cell.trim())) || guessTimeFormat([cell])?.value !== undefined,
  );
  if (value !== undefined)
    return certain(false, `the first row holds ${JSON.stringify(value)}, which is not a name`);
  // Concatenated files repeat the whole header: that does not count.
  const others = rows.filter((cells) => cells.some((cell, i) => cell !== names![i]));
  const again = names?.find(
    (cell, i) => cell !== '' && others.filter((cells) => cells[i] === cell).length > 1,
  );
  if (again !== undefined)
    return likely(false, `${JSON.stringify(again)} of the first row recurs in its column`);
  return likely(true, 'the first row reads like names');
}
