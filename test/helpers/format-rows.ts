import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
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

/**
 * Holds that a byte that is another damages the row of its line only: all other rows of the lines come out as they were. A
 * line end that is another joins its line with the next.
 */
export async function assertDamageStaysInLine(
  format: string,
  written: readonly string[],
  numRuns: number,
): Promise<void> {
  const content = `${written.join('\n')}\n`;
  const intact = (await rowsOf(format, content)).map(({ json }) => json);
  const aByte = fc.nat({ max: content.length - 1 });
  await fc.assert(
    fc.asyncProperty(aByte, fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bytes = Buffer.from(content);
      bytes[at]! ^= flip;
      const hit = content.slice(0, at).split('\n').length - 1;
      const kept = (await rowsOf(format, bytes)).map(({ json }) => json);
      for (const [i, row] of intact.entries()) {
        const isJoined = content[at] === '\n' && i === hit + 1;
        if (i !== hit && !isJoined) assert.ok(kept.includes(row), `byte ${at} ^ ${flip}: row ${i} is lost`);
      }
    }),
    { numRuns },
  );
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
