import { TimeSeries } from '../live/subjects/time-series.ts';

/** The rows of a table or a chart. */
export type Rows = readonly Readonly<Record<string, unknown>>[];

/** The members of a result: single values, and lists of objects. */
export interface Parts {
  values: [name: string, value: unknown][];
  lists: [name: string, rows: Rows][];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isRows = (value: unknown): value is Rows =>
  Array.isArray(value) && value.length > 0 && value.every(isObject);

/** Separates a result into values and lists. A result that is not an object is one member without a name. */
export function partsOf(result: unknown): Parts {
  if (isRows(result)) return { values: [], lists: [['', result]] };
  const members: [string, unknown][] = isObject(result) ? Object.entries(result) : [['', result]];
  return {
    values: members.filter(([, value]) => !isRows(value)),
    lists: members.filter((member): member is [string, Rows] => isRows(member[1])),
  };
}

/** The names of all members of the rows, in order of appearance. */
export const columnsOf = (rows: Rows): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

/** The time of an ISO 8601 string, ms; undefined for any other value. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value)) return undefined;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The lines of a chart of the rows, without the columns to `leaveOut`; null if the rows have no times or no numbers. */
export function chartOf(
  rows: Rows,
  leaveOut: (column: string) => boolean = () => false,
): { fromMs: number; toMs: number; lines: [string, TimeSeries][] } | null {
  const columns = columnsOf(rows);
  const time = columns.find((name) => rows.every((row) => timeOf(row[name]) !== undefined));
  if (time === undefined || rows.length < 2) return null;
  const ordered = rows.map((row) => ({ row, ms: timeOf(row[time]) ?? 0 })).sort((a, b) => a.ms - b.ms);
  const lines = columns
    .filter((name) => !leaveOut(name) && rows.some((row) => typeof row[name] === 'number'))
    .map((name): [string, TimeSeries] => {
      const series = new TimeSeries();
      for (const { row, ms } of ordered) {
        const value = row[name];
        if (typeof value === 'number') series.add(ms, value);
      }
      return [name, series];
    });
  if (lines.length === 0) return null;
  return { fromMs: ordered[0]?.ms ?? 0, toMs: ordered.at(-1)?.ms ?? 0, lines };
}
