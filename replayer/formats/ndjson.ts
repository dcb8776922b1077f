import type { Data } from '../../core/event.ts';
import { lines } from '../lines.ts';
import { badRow, type Format, type Row } from './format.ts';

/** One JSON object a line (NDJSON, JSON Lines). Blank lines are skipped. */
export default {
  name: 'ndjson',
  endings: ['.ndjson', '.jsonl', '.ldjson'],
  looksLike: (head) => /^\s*\{/.test(head),
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
  cut: { rowsEnd: (bytes) => bytes.lastIndexOf('\n') + 1, header: false },
} satisfies Format;

function read(line: number, text: string, rename: ReadonlyMap<string, string>): Row {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    return badRow(line, `Not JSON: ${(error as Error).message}.`, text);
  }
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return badRow(
      line,
      `Not a JSON object but ${Array.isArray(values) ? 'an array' : JSON.stringify(values)?.slice(0, 40)}.`,
      text,
    );
  }
  if (rename.size === 0) return { line, values: values as Data, json: text };
  const renamed = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [rename.get(name) ?? name, value]),
  );
  return { line, values: renamed, json: null };
}
