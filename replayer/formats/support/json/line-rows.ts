import { objectRow } from '../event-rows.ts';
import { badRow, type Row } from '../format.ts';
import { oneLine } from '../json-text.ts';
import type { TextLine } from '../lines.ts';
import type { Route } from './scan/scanned.ts';
import { JsonScanner } from './scanner.ts';

const WHOLE: Route = {
  entering: () => 'keep',
  member: (path) => ({ path, isKey: false }),
  carries: () => false,
};
const ROW_MAX_LINES = 1_000;
const ROW_MAX_CHARACTERS = 1_000_000;

/**
 * Makes rows of lines that hold an object each. A line that holds several is several rows, and an object that goes over
 * several lines is one, as long as none of its lines is an object by itself.
 */
export class LineRows {
  readonly #rename: ReadonlyMap<string, string>;
  /** The lines of an object that is not closed yet. */
  #open: TextLine[] = [];
  #characters = 0;

  constructor(rename: ReadonlyMap<string, string>) {
    this.#rename = rename;
  }

  /** Adds the rows that end in a line. */
  add(rows: Row[], line: TextLine): void {
    if (line.tooLong) {
      this.end(rows);
      rows.push(badRow(line.line, 'The line is longer than 1,000,000 characters.', line.text));
    } else if (this.#open.length > 0) this.#addToOpen(rows, line);
    else if (line.text.trim() !== '') this.#addLine(rows, line);
  }

  /** Ends the lines: an object that is still open is a bad row. */
  end(rows: Row[]): void {
    const [first] = this.#open;
    if (!first) return;
    const text = this.#open.map((line) => line.text).join('\n');
    const bytes = this.#open.length > 1 ? { bytes: Buffer.byteLength(text) } : {};
    rows.push({ ...badRow(first.line, 'Not JSON: the object does not end.', first.text), ...bytes });
    this.#open = [];
    this.#characters = 0;
  }

  #addLine(rows: Row[], { line, text }: TextLine): void {
    try {
      rows.push(objectRow(line, text, this.#rename));
    } catch (error) {
      const several = this.#several(line, text);
      if (several) rows.push(...several);
      else if (isOpen(text)) [this.#open, this.#characters] = [[{ line, text }], text.length];
      else rows.push(badRow(line, (error as Error).message, text));
    }
  }

  #addToOpen(rows: Row[], line: TextLine): void {
    if (line.text.startsWith('{') && isObject(line.text)) {
      this.end(rows);
      return this.#addLine(rows, line);
    }
    this.#open.push(line);
    this.#characters += line.text.length;
    if (/[}\]]\s*$/.test(line.text)) {
      const text = this.#open.map((each) => each.text).join('\n');
      try {
        const row = objectRow(this.#open[0]!.line, text, this.#rename);
        rows.push({ ...row, json: row.json && oneLine(row.json) });
        this.#open = [];
        return;
      } catch {
        // It goes on.
      }
    }
    if (this.#open.length > ROW_MAX_LINES || this.#characters > ROW_MAX_CHARACTERS) this.end(rows);
  }

  /** The rows of a line that holds several whole values; null where it does not. */
  #several(line: number, text: string): Row[] | null {
    if (!/\}\s*,?\s*\{|^[^{]/.test(text)) return null;
    const scanner = new JsonScanner(WHOLE, ROW_MAX_CHARACTERS);
    const values = [...scanner.push(text), ...scanner.end()];
    if (
      values.length === 0 ||
      values.some((value) => value.problem !== undefined || !value.text.startsWith('{'))
    )
      return null;
    return values.map((value) => {
      try {
        return objectRow(line, value.text, this.#rename);
      } catch (error) {
        return badRow(line, (error as Error).message, value.text);
      }
    });
  }
}

/** Whether an object begins in a line and does not end in it; a text that does not end is broken, and not open. */
function isOpen(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '');
  if (bare.includes('"')) return false;
  let depth = 0;
  for (const character of bare) {
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
  }
  return depth > 0;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
