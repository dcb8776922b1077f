import type { Format } from './support/format.ts';
import { AnnotatedTables, endsInQuotes, isAnnotation } from './support/influx/annotated-table.ts';
import { JoinedLines } from './support/influx/joined-lines.ts';
import { lines } from './support/lines.ts';

/**
 * Annotated CSV, as InfluxDB answers Flux queries: several tables in one file, each with annotations (#datatype, #group,
 * #default) and a header of its own. A row is a record, typed by its annotations; integers keep all their digits, NaN and
 * infinities are absent. The subject is the group key without the range: measurement, field and tags. The error of a
 * query that failed is a bad row. Line ends inside a text become line feeds.
 */
export default {
  name: 'flux',
  endings: ['.fluxcsv', '.csv'],
  looksLike: (head) => /^\s*#(?:datatype|group|default)[ ,]/.test(head),
  async *rows(input, { rename }) {
    const tables = new AnnotatedTables(rename);
    const joined = new JoinedLines({
      isOpen: endsInQuotes,
      isRow: (text) => isAnnotation(text) || tables.isRecord(text),
      read: (line, text) => tables.read(line, text),
    });
    for await (const chunk of lines(input.text())) yield chunk.flatMap((line) => joined.push(line));
    yield joined.end();
  },
} satisfies Format;
