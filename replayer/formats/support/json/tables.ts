import type { Data } from '../../../../core/wire/event.ts';
import { partsOf } from '../json-text.ts';
import { isObject, readsAsTime, timeRank } from './timed.ts';

const HEADERS = ['columns', 'fields', 'header', 'headers', 'names'];
const BODIES = ['data', 'values', 'rows'];

/** A table in a JSON object: the names of its columns, and how to find its cells. */
interface Table {
  columns: string[];
  /** The members that hold the cells: one array of rows, or an array for each column. */
  body: string | null;
}

/**
 * The table that an object is: `{"columns": [...], "data": [[...], ...]}` (pandas, InfluxDB, Socrata), or an array for
 * each column, all of one length, one of which holds times (Open-Meteo). Null where it is none.
 */
export function tableIn(values: Data): Table | null {
  const header = HEADERS.find((name) => isNames(values[name]));
  const body = BODIES.find((name) => isRows(values[name]));
  if (header !== undefined && body !== undefined)
    return { columns: (values[header] as unknown[]).map(nameOf), body };
  const lists = Object.entries(values).filter(
    (entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[1].length > 0,
  );
  const [time] = lists.filter(([name, list]) => timeRank(name) !== null && list.every(readsAsTime));
  if (!time || lists.length < 2) return null;
  const columns = lists.filter(([, list]) => list.length === time[1].length && list.every(isScalar));
  return columns.length > 1 ? { columns: columns.map(([name]) => name), body: null } : null;
}

/** The rows of a table as members and their texts; `members` are those of the object. Cells that are null are left out. */
export function* tableRows(
  members: ReadonlyMap<string, string>,
  { columns, body }: Table,
): Generator<[string, string][]> {
  if (body !== null) {
    for (const part of partsOf(members.get(body)!)) yield cellsOf(columns, part);
    return;
  }
  const lists = columns.map((name) => partsOf(members.get(name)!));
  for (const [i] of lists[0]!.entries())
    yield withoutNull(columns.map((name, column) => [name, lists[column]![i]!]));
}

/** The cells of one row of a table that is written as an array. @throws Error when it has another length than the header */
export function cellsOf(columns: readonly string[], text: string): [string, string][] {
  const cells = text.startsWith('[') ? partsOf(text) : [];
  if (cells.length !== columns.length)
    throw new Error(`${cells.length} cells where the table has ${columns.length} columns.`);
  return withoutNull(columns.map((name, i) => [name, cells[i]!]));
}

/** Whether an array of arrays begins with a row of names. */
export function beginsWithNames(list: readonly unknown[]): boolean {
  const [first, second] = list;
  return (
    isNames(first) && Array.isArray(second) && second.length === first.length && !first.some(readsAsTime)
  );
}

const withoutNull = (cells: [string, string][]) => cells.filter(([, text]) => text !== 'null');

function isNames(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 1 && value.every((each) => nameOf(each) !== '');
}

/** The name of a column, which some write as an object. */
function nameOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const name = isObject(value) ? (value['name'] ?? value['id'] ?? value['fieldName']) : undefined;
  return typeof name === 'string' ? name : '';
}

function isRows(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.slice(0, 100).every((row) => Array.isArray(row));
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value !== 'object';
}
