import type { AsyncBuffer, FileMetaData, ParquetParsers } from 'hyparquet';
import { open, type FileHandle } from 'node:fs/promises';
import { sentence } from '../../../../core/problems/errors.ts';
import { badRow, type Row } from '../format.ts';
import { parquetColumns, type ParquetColumns } from './columns.ts';
import { ownParquet, ownParquetRow, type OwnParquet } from './own.ts';

/** Bound on the rows in memory at once. */
const ROWS_PER_CHUNK = 50_000;

/** The rows of a Parquet file, in chunks that do not cross row groups. */
export async function* parquetRows(path: string, rename: ReadonlyMap<string, string>): AsyncGenerator<Row[]> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors');
  const handle = await open(path);
  try {
    const file = await bufferOf(handle);
    const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
      throw new Error(`Not Parquet: ${sentence(cause)}`);
    });
    const own = ownParquet(metadata.key_value_metadata);
    const columns = own ? null : parquetColumns(metadata, parquetSchema(metadata));
    for (const group of groupsOf(metadata)) {
      // A broken file may claim any number of rows, so the rest of a group is skipped once a chunk can't be read.
      for (let rowStart = group.start, rowEnd = 0; rowStart < group.end; rowStart = rowEnd) {
        rowEnd = Math.min(rowStart + ROWS_PER_CHUNK, group.end);
        const range = { rowStart, rowEnd, useOffsetIndex: true };
        try {
          const by = own ? { ...parsers, jsonFromBytes: jsonText } : parsers;
          const options = { file, metadata, compressors, parsers: by, utf8: own !== null, ...range };
          const found = await parquetReadObjects(options);
          yield found.map((values, i) => rowOf(rowStart + i + 1, values, rename, own, columns));
          if (found.length < rowEnd - rowStart) throw new Error('The file holds fewer.');
        } catch (error) {
          const problem = `Rows ${rowStart + 1} to ${group.end} can't be read: ${sentence(error)}`;
          yield lostRows(rowStart, group.end, problem);
          break;
        }
      }
    }
  } catch (error) {
    yield [badRow(1, sentence(error), '')];
  } finally {
    await handle.close();
  }
}

/** A bad row for each row that can't be read, as long as their number is credible. */
function lostRows(start: number, end: number, problem: string): Row[] {
  const count = end - start <= ROWS_PER_CHUNK ? end - start : 1;
  return Array.from({ length: Math.max(1, count) }, (_, i) => badRow(start + i + 1, problem, ''));
}

/** The rows of each group: `start` to before `end`. */
function* groupsOf({ row_groups }: FileMetaData): Generator<{ start: number; end: number }> {
  let start = 0;
  for (const { num_rows } of row_groups) {
    const end = start + Number(num_rows);
    yield { start, end };
    start = end;
  }
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(from, to = size) {
      // A broken file may claim any length. The reader notices itself when it gets fewer bytes than it asked for.
      const start = Math.max(0, Math.min(from, size));
      const bytes = new ArrayBuffer(Math.max(0, Math.min(to, size) - start));
      await handle.read(new Uint8Array(bytes), 0, bytes.byteLength, start);
      return bytes;
    },
  };
}

function rowOf(
  line: number,
  found: { [name: string]: unknown },
  rename: ReadonlyMap<string, string>,
  own: OwnParquet | null,
  columns: ParquetColumns | null,
): Row {
  if (own || !columns) return { line, ...ownParquetRow(found, own!, plain, rename) };
  const members = new Map<string, unknown>();
  let absent = 0;
  for (const [name, value] of Object.entries(found)) {
    if (value === null || value === undefined) continue;
    const place = columns.geo.has(name) ? pointOf(value) : null;
    if (Number.isNaN(value)) absent++;
    else if (place) for (const each of place) members.set(rename.get(each[0]) ?? each[0], each[1]);
    else members.set(rename.get(name) ?? name, columns.read(name, value));
  }
  return { line, values: Object.fromEntries(members), json: null, ...(absent > 0 && { absent }) };
}

/** The place of a geometry that is a point; null for any other. */
function pointOf(value: unknown): [string, number][] | null {
  const { type, coordinates } = value as { type?: unknown; coordinates?: unknown };
  if (type !== 'Point' || !Array.isArray(coordinates) || coordinates.length < 2) return null;
  const numbers = coordinates.slice(0, 3).filter((each): each is number => typeof each === 'number');
  return numbers.map((number, i) => [['longitude', 'latitude', 'elevation'][i]!, number]);
}

/** A value that JSON can hold; an integer that a double can't hold becomes text. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint')
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
  return value;
}

/** Timestamps as ISO 8601 text, because a Date holds only milliseconds. */
const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (ms: bigint) => isoOf(ms * 1_000_000n),
  timestampFromMicroseconds: (us: bigint) => isoOf(us * 1_000n),
  timestampFromNanoseconds: isoOf,
  dateFromDays: (days: number) => dateOf(days),
};

/** JSON with all its digits: `ownParquetRow` parses it. */
function jsonText(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString();
}

/** A date without a time of day. */
function dateOf(days: number): string {
  const date = new Date(days * 86_400_000);
  return Number.isNaN(date.getTime()) ? String(days) : date.toISOString().slice(0, 10);
}

function isoOf(ns: bigint): string {
  const second = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n);
  const digits = String(ns - second * 1_000_000_000n).padStart(9, '0');
  const date = new Date(Number(second) * 1000);
  if (Number.isNaN(date.getTime())) return String(ns);
  return date.toISOString().replace('000Z', `${digits.replace(/(?:000){1,2}$/, '')}Z`);
}
