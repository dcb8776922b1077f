import { ROW_MAX_CHARACTERS } from '../../formats/support/format.ts';
import { eventLine } from './event-line.ts';
import type { OutputFormat } from './sink.ts';
import { TextFile } from './text-file.ts';

/** Why a text format refuses a row that its reader would refuse. */
export const TOO_LONG =
  'As a line of text the row is longer than 1,000,000 characters, which readers refuse.';

/** One JSON object a line: the data of the rows, or events with the time, subject and channel beside the data. */
export default {
  name: 'ndjson',
  endings: ['.ndjson', '.jsonl'],
  isText: true,
  holdsPlainRows: true,
  open({ path, packed, plain }) {
    const file = new TextFile(path, packed);
    return {
      add(row) {
        const line = plain ? row.json : eventLine(row);
        if (line.length > ROW_MAX_CHARACTERS) return TOO_LONG;
        file.write(`${line}\n`);
        return null;
      },
      ready: () => file.ready(),
      end: () => file.end(),
    };
  },
} satisfies OutputFormat;
