import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { refusal } from '../../../core/problems/errors.ts';

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
    throw refusal('simulation_target', `Can't tell from the name "${out}" which format to write.`, {
      hint: 'End it in .ndjson, .csv, .ndjson.gz or .csv.gz.',
    });
  return { stem: match[1] as string, csv: match[2] === 'csv', gzip: match[3] !== undefined };
}

/**
 * Files that belong together: each is written under a name of its own, and they get their names when all are whole, the
 * first one last. So nobody sees half a file, or a recording without what belongs beside it.
 */
export class Staging {
  readonly #staged: { out: string; partial: string }[] = [];

  /** Writes rows as they come, no faster than the disk takes them. Answers how many there were. */
  async rows(out: string, { csv, gzip }: Target, rows: Iterable<object>): Promise<number> {
    let count = 0;
    function* counted() {
      for (const row of rows) {
        count++;
        yield row;
      }
    }
    await this.#write(out, chunks(csv ? csvLines(counted()) : jsonLines(counted())), gzip);
    return count;
  }

  /** Writes one JSON document. */
  async json(out: string, document: unknown): Promise<void> {
    await this.#write(out, [`${JSON.stringify(document, null, 1)}\n`], false);
  }

  /** Gives the files their names. Answers them in the order in which they were written. */
  async publish(): Promise<string[]> {
    for (const { out, partial } of this.#staged.toReversed()) await rename(partial, out);
    return this.#staged.splice(0).map(({ out }) => out);
  }

  /** Removes what was not published. */
  async discard(): Promise<void> {
    await Promise.all(this.#staged.splice(0).map(({ partial }) => rm(partial, { force: true })));
  }

  async #write(out: string, text: Iterable<string>, gzip: boolean): Promise<void> {
    await mkdir(dirname(out), { recursive: true });
    const partial = `${out}.${randomUUID().slice(0, 8)}.partial`;
    this.#staged.push({ out, partial });
    const file = createWriteStream(partial, { flags: 'wx' });
    // Level 4: half of level 6's time for a tenth more bytes.
    await (gzip ? pipeline(text, createGzip({ level: 4 }), file) : pipeline(text, file));
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
    const values: unknown[] = Object.values(row);
    let line = csvValue(values[0]);
    for (let i = 1; i < values.length; i++) line += `,${csvValue(values[i])}`;
    yield `${line}\n`;
  }
}

function csvValue(value: unknown): string {
  if (typeof value === 'number') return `${value}`;
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
