import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { refusal } from '../../core/errors.ts';

const CHUNK_CHARACTERS = 1 << 17;

/** How rows are written, by the file's name. */
export interface Target {
  /** The name without its endings: the stem of the files beside it. */
  stem: string;
  csv: boolean;
  gzip: boolean;
}

/** Reads the wanted format off a file name: `.ndjson` or `.csv`, each also `.gz`. */
export function target(out: string): Target {
  const match = /^(.*[^/\\])\.(ndjson|csv)(\.gz)?$/s.exec(out);
  if (!match)
    throw refusal('simulation_target', 400, `Can't tell from the name "${out}" which format to write.`, {
      hint: 'End it in .ndjson, .csv, .ndjson.gz or .csv.gz.',
    });
  return { stem: match[1] as string, csv: match[2] === 'csv', gzip: match[3] !== undefined };
}

/**
 * Writes rows as NDJSON or CSV as they come, no faster than the disk takes them. The file appears under its name when
 * it is whole; if anything goes wrong, nothing is left. Answers the number of rows.
 */
export async function writeRows(out: string, { csv, gzip }: Target, rows: Iterable<object>): Promise<number> {
  let count = 0;
  function* counted() {
    for (const row of rows) {
      count++;
      yield row;
    }
  }
  await writeWhole(out, chunks(csv ? csvLines(counted()) : jsonLines(counted())), gzip);
  return count;
}

/** Writes one JSON document, in the same manner. */
export async function writeJson(out: string, document: unknown, indent?: number): Promise<void> {
  await writeWhole(out, [`${JSON.stringify(document, null, indent)}\n`], false);
}

async function writeWhole(out: string, text: Iterable<string>, gzip: boolean): Promise<void> {
  await mkdir(dirname(out), { recursive: true });
  const partial = `${out}.${process.pid}.partial`;
  const file = createWriteStream(partial);
  try {
    // Level 4: half of level 6's time for a tenth more bytes.
    await (gzip ? pipeline(text, createGzip({ level: 4 }), file) : pipeline(text, file));
    await rename(partial, out);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function* chunks(lines: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk) yield chunk;
}

function* jsonLines(rows: Iterable<object>): Generator<string> {
  for (const row of rows) yield `${JSON.stringify(row)}\n`;
}

// RFC 4180, but lines end in LF. The first row names the columns.
function* csvLines(rows: Iterable<object>): Generator<string> {
  let columns: string[] | null = null;
  for (const row of rows) {
    if (!columns) {
      columns = Object.keys(row);
      yield `${columns.join(',')}\n`;
    }
    yield `${Object.values(row).map(csvValue).join(',')}\n`;
  }
}

function csvValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = String(value);
  return typeof value === 'string' && /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
