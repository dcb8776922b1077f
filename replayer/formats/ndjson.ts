import { kindOfJson } from './support/json/kind.ts';
import { LineRows } from './support/json/line-rows.ts';
import { lines } from './support/lines.ts';
import type { Format, Row } from './support/format.ts';

const [LINE_FEED, OPEN, CLOSE] = [10, 123, 125];
/** How far back a line is looked for that is an object. */
const BACK_MAX_BYTES = 1 << 16;

/**
 * One JSON object or event per line (NDJSON, JSON Lines). Blank lines are skipped. A line may also hold several objects,
 * and an object may go over several lines.
 */
export default {
  name: 'ndjson',
  endings: ['.ndjson', '.jsonl', '.ldjson', '.json'],
  looksLike: (head) => kindOfJson(head) === 'lines',
  async *rows(input, { rename }) {
    const read = new LineRows(rename);
    for await (const chunk of lines(input.text())) {
      const rows: Row[] = [];
      for (const line of chunk) read.add(rows, line);
      yield rows;
    }
    const rows: Row[] = [];
    read.end(rows);
    if (rows.length > 0) yield rows;
  },
  cut: { rowsEnd },
} satisfies Format;

/** After the last line that looks like an object by itself, so that an object over several lines is not cut. */
function rowsEnd(bytes: Buffer): number {
  const last = bytes.lastIndexOf(LINE_FEED);
  for (let end = last; end > 0 && end > last - BACK_MAX_BYTES;) {
    const before = bytes.lastIndexOf(LINE_FEED, end - 1);
    const lineEnd = bytes[end - 1] === 13 ? end - 1 : end;
    if (bytes[before + 1] === OPEN && bytes[lineEnd - 1] === CLOSE) return end + 1;
    end = before;
  }
  return last + 1;
}
