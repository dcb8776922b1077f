import type { KeyValue } from 'hyparquet';
import type { Data } from '../../../../core/wire/event.ts';
import type { Row } from '../format.ts';
import { memberOf, OWN_COLUMNS, ownEvent } from '../own-columns.ts';

/** The key of the file's metadata that says how `convert` wrote it. */
export const OWN_KEY = 'reprise';

/** How `convert` wrote a Parquet file. */
export interface OwnParquet {
  /** Columns that hold JSON as text. */
  json: string[];
  /** The column with the coordinates as a geometry, which are in the data besides; null for none. */
  geometry: string | null;
}

/** What the metadata of a file say about how `convert` wrote it; null for files of others. */
export function ownParquet(metadata: KeyValue[] | undefined): OwnParquet | null {
  try {
    const text = metadata?.find(({ key }) => key === OWN_KEY)?.value;
    const { json, geometry } = JSON.parse(text ?? 'null') as Partial<OwnParquet>;
    return Array.isArray(json) ? { json, geometry: geometry ?? null } : null;
  } catch {
    return null;
  }
}

/** The row of a file that `convert` wrote, from its values by column. @throws Error when one is not what it should be */
export function ownParquetRow(
  found: { [column: string]: unknown },
  { json: jsonColumns, geometry }: OwnParquet,
  plain: (value: unknown) => unknown,
  rename: ReadonlyMap<string, string>,
): Omit<Row, 'line'> {
  const { time, subject, channel, rest } = OWN_COLUMNS;
  let json = '';
  for (const [column, value] of Object.entries(found)) {
    if (value === null || value === undefined || column === geometry) continue;
    if (column === time || column === subject || column === channel || column === rest) continue;
    const member = memberOf(column);
    const text = jsonColumns.includes(column) ? (textOf(value) ?? 'null') : jsonOf(plain(value));
    json += `,${JSON.stringify(rename.get(member) ?? member)}:${text}`;
  }
  const more = textOf(found[rest])?.trim().slice(1, -1);
  if (more) json += `,${more}`;
  json = `{${json.slice(1)}}`;
  const own = ownEvent(textOf(found[time]), textOf(found[subject]), textOf(found[channel]));
  return { values: JSON.parse(json) as Data, json, ...own };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);

const jsonOf = (value: unknown) => (Object.is(value, -0) ? '-0' : JSON.stringify(value));
