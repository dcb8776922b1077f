import { DocumentRows } from './support/json/document-rows.ts';
import { kindOfJson } from './support/json/kind.ts';
import { planOf } from './support/json/plan.ts';
import { scannedRows } from './support/json/scanned-rows.ts';
import { ROW_MAX_CHARACTERS, type Format } from './support/format.ts';

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
  rows: (input, { rows, rename }) =>
    scannedRows(input, (head) => {
      const plan = planOf(head, rows);
      const document = new DocumentRows(plan, rename, rows !== undefined);
      return {
        route: document.route,
        maxCharacters: plan.tables.size > 0 ? TABLE_MAX_CHARACTERS : ROW_MAX_CHARACTERS,
        rowsOf: (value) => document.rowsOf(value),
      };
    }),
} satisfies Format;
