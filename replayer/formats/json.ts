import { JsonElements, type JsonElement } from './support/json-elements.ts';
import { objectRow } from './support/event-rows.ts';
import { kindOfJson } from './support/json-text.ts';
import { badRow, ROW_MAX_CHARACTERS, type Format, type FormatOptions, type Row } from './support/format.ts';

/** A JSON array of objects, or an object that holds one; an object without one is a single row. */
export default {
  name: 'json',
  endings: ['.json'],
  looksLike: (head) => kindOfJson(head) === 'document',
  async *rows(input, options) {
    const elements = new JsonElements(ROW_MAX_CHARACTERS);
    for await (const piece of input.text()) {
      const rows = elements.push(piece).map((element) => rowOf(element, options));
      if (rows.length > 0) yield rows;
    }
    const rows = elements.end().map((element) => rowOf(element, options));
    if (rows.length > 0) yield rows;
  },
} satisfies Format;

function rowOf({ line, text, problem }: JsonElement, { rename }: FormatOptions): Row {
  if (problem !== undefined) return badRow(line, problem, text);
  try {
    // On the wire an event is one line, so line ends between members become spaces.
    return objectRow(line, text.replace(/[\r\n]+\s*/g, ' '), rename);
  } catch (error) {
    return badRow(line, (error as Error).message, text);
  }
}
