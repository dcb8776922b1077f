import { badRow, ROW_MAX_CHARACTERS, type Input, type Row } from './format.ts';

/** One line of text, without its line end. */
export interface TextLine {
  /** From 1. */
  line: number;
  text: string;
  /** Set when the line is beyond the row limit: `text` is then only its beginning. */
  tooLong?: boolean;
}

/** Splits text into lines, in chunks. A line beyond the row limit is cut and marked; it is never in memory as a whole. */
export async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<TextLine[]> {
  let rest = '';
  let line = 1;
  let skipping = false;
  for await (const piece of pieces) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop()!;
    const chunk: TextLine[] = [];
    for (const part of parts) {
      if (skipping) skipping = false;
      else chunk.push(cut(line, part));
      line++;
    }
    if (rest.length > ROW_MAX_CHARACTERS) {
      if (!skipping) chunk.push(cut(line, rest));
      skipping = true;
      rest = '';
    }
    yield chunk;
  }
  if (rest !== '' && !skipping) yield [cut(line, rest)];
}

/** The rows of a format whose rows stand on lines. `read` gives the rows of a line; one that is too long is a bad row. */
export async function* lineRows(
  input: Input,
  read: (line: number, text: string) => readonly Row[],
): AsyncGenerator<Row[]> {
  for await (const chunk of lines(input.text())) {
    const rows: Row[] = [];
    for (const { line, text, tooLong } of chunk) {
      if (tooLong) rows.push(badRow(line, 'The line is longer than 1,000,000 characters.', text));
      else rows.push(...read(line, text));
    }
    yield rows;
  }
}

function cut(line: number, text: string): TextLine {
  if (text.length > ROW_MAX_CHARACTERS) return { line, text: text.slice(0, 2_000), tooLong: true };
  return { line, text: text.endsWith('\r') ? text.slice(0, -1) : text };
}
