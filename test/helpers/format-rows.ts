import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Input, Row } from '../../replayer/formats/support/format.ts';
import { formatNamed } from '../../replayer/reading/formats.ts';
import { decoded } from '../../replayer/reading/source/input.ts';
import type { OpenOptions } from '../../replayer/reading/open-options.ts';
import { played, type Played } from './played.ts';

/** The rows that a format reads from a content, in pieces of `pieceBytes` where that is given. */
export async function rowsOf(
  format: string,
  content: string | Buffer,
  pieceBytes = Infinity,
): Promise<Row[]> {
  const bytes = Buffer.from(content);
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const input: Input = { path: null, bytes: pieces, text: () => decoded(pieces()) };
  const rows: Row[] = [];
  for await (const chunk of formatNamed(format).rows(input, { rename: new Map() })) rows.push(...chunk);
  return rows;
}

/** The values of the rows that can be played, the problems of bad rows, and the reasons of those that are passed over. */
export async function sortedRows(format: string, content: string | Buffer) {
  const rows = await rowsOf(format, content);
  return {
    values: rows.flatMap(({ values }) => (values ? [values] : [])),
    problems: rows.flatMap(({ line, problem }) => (problem === undefined ? [] : [`${line}: ${problem}`])),
    skipped: rows.flatMap(({ line, skipped }) => (skipped === undefined ? [] : [`${line}: ${skipped}`])),
  };
}

/** What `reprise play` would do with a file of this name and content. */
export async function playedContent(
  name: string,
  content: string | Buffer,
  options: OpenOptions = {},
): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'reprise-content-'));
  try {
    await writeFile(join(folder, name), content);
    return await played(join(folder, name), options);
  } finally {
    await rm(folder, { recursive: true });
  }
}
