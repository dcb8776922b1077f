import { open, type FileHandle } from 'node:fs/promises';
import { loadCompression } from '../compression/compression.ts';
import { MalformedMcap } from '../format/bytes.ts';
import { readAt } from '../format/read-at.ts';
import { MAGIC, Opcode, recordAt, TAIL_BYTES, type ChunkEntry, type Statistics } from '../format/records.ts';
import { emptySummary, type Summary } from '../format/summary.ts';
import { recordsWithin } from './find-records.ts';
import { inFileOrder, readFooter, readSection } from './summary-section.ts';

const HEADER_MAX_BYTES = 4_096;

/**
 * Reads the summary at the end of a file. What the summary does not tell is read from the file: all of it where there is no
 * index, else the parts that the index does not name. @throws MalformedMcap
 */
export async function readSummary(path: string): Promise<Summary> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const summary = emptySummary(path, size, await libraryOf(handle, size));
    const { start, crc } = await readFooter(handle, size);
    if (start > 0) await readSection(handle, start, size, crc, summary);
    summary.indexed = summary.chunks.length > 0 || summary.statistics?.messages === 0;
    if (summary.indexed && namesAll(summary)) await walkGaps(handle, start, summary);
    else await walkThrough(handle, size - TAIL_BYTES, summary);
    for (const { compression } of summary.chunks) await loadCompression(compression);
    return summary;
  } finally {
    await handle.close();
  }
}

/** Whether the summary holds all channels, and the schemas of all of them. */
function namesAll({ statistics, channels, schemas }: Summary): boolean {
  if (!statistics || channels.size < statistics.channels) return false;
  return [...channels.values()].every(({ schemaId }) => schemaId === 0 || schemas.has(schemaId));
}

/** The library in the file's header; '' where the header is damaged. */
export async function readLibrary(path: string): Promise<string> {
  const handle = await open(path);
  try {
    return await libraryOf(handle, (await handle.stat()).size).catch(() => '');
  } finally {
    await handle.close();
  }
}

async function libraryOf(handle: FileHandle, size: number): Promise<string> {
  const head = await readAt(handle, 0, Math.min(size, MAGIC.length + HEADER_MAX_BYTES));
  if (!head.subarray(0, MAGIC.length).equals(MAGIC))
    throw new MalformedMcap('it does not begin like an MCAP file');
  const header = recordAt(head, MAGIC.length);
  if (header?.opcode !== Opcode.HEADER) return '';
  header.fields.text(); // The profile.
  return header.fields.text();
}

/** Reads the whole file to find what its summary does not say. */
async function walkThrough(handle: FileHandle, end: number, summary: Summary): Promise<void> {
  summary.metadata = [];
  summary.attachments = [];
  const counts = new Map<number, number>();
  summary.chunks = await recordsWithin(handle, { from: MAGIC.length, to: end }, summary, counts);
  summary.channelsOf = null;
  summary.statistics ??= statisticsOf(summary, counts);
}

/** The statistics of a file that has none. */
function statisticsOf(summary: Summary, counts: Map<number, number>): Statistics {
  const { chunks, channels, metadata, attachments } = summary;
  return {
    messages: [...counts.values()].reduce((sum, count) => sum + count, 0),
    attachments: attachments.length,
    metadata: metadata.length,
    channels: channels.size,
    chunks: chunks.length,
    startMs: chunks.reduce((first, { startMs }) => Math.min(first, startMs), Infinity),
    endMs: chunks.reduce((last, { endMs }) => Math.max(last, endMs), 0),
    counts,
  };
}

/**
 * Reads the parts of the data section that the index does not name. Mostly they hold the header only; but the format allows
 * messages outside of chunks, and records that no index names.
 */
async function walkGaps(handle: FileHandle, dataEnd: number, summary: Summary): Promise<void> {
  const { chunks, metadata, attachments } = summary;
  const named = [
    ...chunks.map(({ offset, length, indexBytes }) => ({ offset, end: offset + length + indexBytes })),
    ...[...metadata, ...attachments].map(({ offset, length }) => ({ offset, end: offset + length })),
  ].sort((a, b) => a.offset - b.offset);
  const found: ChunkEntry[] = [];
  let from = MAGIC.length;
  for (const { offset, end } of [...named, { offset: dataEnd, end: dataEnd }]) {
    if (offset > from) found.push(...(await recordsWithin(handle, { from, to: offset }, summary)));
    from = Math.max(from, end);
  }
  if (found.length === 0) return;
  summary.chunks.push(...found);
  summary.channelsOf = null;
  inFileOrder(summary);
}
