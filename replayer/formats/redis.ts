import { objectRow } from './support/event-rows.ts';
import { CellReader } from './support/table/cell-reader.ts';
import type { Format, FormatOptions, Row } from './support/format.ts';

/**
 * The entries of a Redis stream. Fields that JSON would write as numbers are numbers, all others are text. An entry with
 * a single field that holds a JSON object is that object, so a channel's log plays as its events. The entry's id is its
 * time, unless a column is named.
 */
export default {
  name: 'redis',
  endings: [],
  looksLike: () => false,
  ownTime: "the entries' ids",
  async *rows({ entries }, options) {
    let line = 0;
    for await (const chunk of entries?.() ?? []) {
      yield chunk.map(([id, fields]) => rowOf(++line, id, fields, options));
    }
  },
} satisfies Format;

function rowOf(line: number, id: string, fields: string[], { rename }: FormatOptions): Row {
  const timeMs = Number.parseInt(id, 10);
  if (fields.length === 2 && fields[1]!.startsWith('{')) {
    try {
      return { timeMs, ...objectRow(line, fields[1]!, rename) };
    } catch {
      // Not JSON after all: the field is text.
    }
  }
  const names = fields.filter((_, i) => i % 2 === 0).map((name) => rename.get(name) ?? name);
  return { line, timeMs, ...readerFor(names).read(fields.filter((_, i) => i % 2 === 1)) };
}

/** Kept from entry to entry, because most entries of a stream have the same fields. */
let last = new CellReader([]);

function readerFor(names: string[]): CellReader {
  const same = names.length === last.names.length && names.every((name, i) => name === last.names[i]);
  if (!same) last = new CellReader(names);
  return last;
}
