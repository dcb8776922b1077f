import { beforeFirstValue } from './support/json/beginning.ts';
import { DocumentRows } from './support/json/document-rows.ts';
import { kindOfJson } from './support/json/kind.ts';
import { planOf, PLAN_CHARACTERS } from './support/json/plan.ts';
import { JsonScanner, type ScannedValue } from './support/json/scanner.ts';
import { ROW_MAX_CHARACTERS, type Format, type Row } from './support/format.ts';

/** A table in one object is held as a whole. */
const TABLE_MAX_CHARACTERS = 64_000_000;

/**
 * JSON that is not one object a line: a document, or any sequence of values (concatenated, pretty, RFC 7464), also behind
 * an assignment or in a call of JavaScript. Rows are the objects that hold times, in arrays at any depth; see
 * `support/json/plan.ts`. A document without any time has the objects of its outermost arrays as rows.
 */
export default {
  name: 'json',
  endings: ['.json', '.ndjson', '.jsonl', '.ldjson', '.js'],
  looksLike: (head) => kindOfJson(head) === 'document',
  layout: (head, { rows }) => ({ rows: planOf(head, rows).decision }),
  async *rows(input, options) {
    let scanner: JsonScanner | null = null;
    let rowsOf: (values: ScannedValue[]) => Row[] = () => [];
    /** Begins to read, once enough is known of the document. */
    const start = (head: string): ScannedValue[] => {
      const before = Math.max(0, beforeFirstValue(head));
      const plan = planOf(head, options.rows);
      const document = new DocumentRows(plan, options.rename, options.rows !== undefined);
      rowsOf = (values) => values.flatMap((value) => document.rowsOf(value));
      const lines = head.slice(0, before).split('\n').length;
      scanner = new JsonScanner(
        document,
        plan.tables.size > 0 ? TABLE_MAX_CHARACTERS : ROW_MAX_CHARACTERS,
        lines,
      );
      return scanner.push(head.slice(before));
    };
    let head = '';
    for await (const piece of input.text()) {
      let values: ScannedValue[];
      if (scanner) values = (scanner as JsonScanner).push(piece);
      else {
        head += piece;
        if (head.length < PLAN_CHARACTERS) continue;
        values = start(head);
      }
      const rows = rowsOf(values);
      if (rows.length > 0) yield rows;
    }
    const values = scanner ? [] : start(head);
    values.push(...scanner!.end());
    const rows = rowsOf(values);
    if (rows.length > 0) yield rows;
  },
} satisfies Format;
