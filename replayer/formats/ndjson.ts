import { objectRow } from './support/event-rows.ts';
import { kindOfJson } from './support/json/kind.ts';
import { lines } from './support/lines.ts';
import { badRow, type Format, type Row } from './support/format.ts';

/** One JSON object or event per line (NDJSON, JSON Lines). Blank lines are skipped. */
export default {
  name: 'ndjson',
  endings: ['.ndjson', '.jsonl', '.ldjson', '.json'],
  looksLike: (head) => kindOfJson(head) === 'lines',
  async *rows(input, { rename }) {
    for await (const chunk of lines(input.text())) {
      const rows: Row[] = [];
      for (const { line, text, tooLong } of chunk) {
        if (tooLong) rows.push(badRow(line, 'The line is longer than 1,000,000 characters.', text));
        else if (text.trim() !== '') rows.push(read(line, text, rename));
      }
      yield rows;
    }
  },
  cut: { rowsEnd: (bytes) => bytes.lastIndexOf('\n') + 1 },
} satisfies Format;

function read(line: number, text: string, rename: ReadonlyMap<string, string>): Row {
  try {
    return objectRow(line, text, rename);
  } catch (error) {
    return badRow(line, (error as Error).message, text);
  }
}
