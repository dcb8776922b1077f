import { open, type FileHandle } from 'node:fs/promises';
import { loadCompression } from '../compression/compression.ts';
import { MalformedMcap } from '../format/bytes.ts';
import { readAt } from '../format/read-at.ts';
import { MAGIC, Opcode, readMetadata, recordAt, TAIL_BYTES, type ChunkEntry } from '../format/records.ts';
import { emptySummary, type Summary } from '../format/summary.ts';
import { readRecords } from './read-chunk.ts';
import { addRecord, readFooter, readSection } from './summary-section.ts';
import { ChunkFinder, walk } from './walk.ts';

const HEADER_MAX_BYTES = 4_096;

/** Reads the summary at the end of a file; where there is none, reads the whole file. @throws MalformedMcap */
export async function readSummary(path: string): Promise<Summary> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    const summary = emptySummary(path, size, await libraryOf(handle, size));
    const { start, crc } = await readFooter(handle, size);
    if (start > 0) await readSection(handle, start, size, crc, summary);
    summary.indexed = summary.chunks.length > 0 || summary.statistics?.messages === 0;
    const known = summary.statistics && summary.channels.size >= summary.statistics.channels;
    if (!summary.indexed || !known) await walkThrough(handle, size - TAIL_BYTES, summary);
    for (const { compression } of summary.chunks) await loadCompression(compression);
    return summary;
  } finally {
    await handle.close();
  }
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
  const finder = new ChunkFinder();
  for await (const record of walk(handle, MAGIC.length, end)) {
    if (record.opcode === Opcode.DATA_END) break;
    finder.add(record);
    if (record.opcode === Opcode.METADATA) summary.metadata.set(...readMetadata(record.fields));
    else if (record.opcode === Opcode.CHUNK) await addRecordsWithin(handle, finder.entries.at(-1)!, summary);
    else await addRecord(handle, record.opcode, record.fields, 0, summary);
  }
  summary.chunks = finder.entries;
  summary.channelsOf = null;
}

/** Adds the channels and schemas that a chunk holds. */
async function addRecordsWithin(handle: FileHandle, chunk: ChunkEntry, summary: Summary): Promise<void> {
  const records = await readRecords(handle, chunk);
  for (let at = 0, record; (record = recordAt(records, at)); at += record.length) {
    if (record.opcode !== Opcode.MESSAGE) await addRecord(handle, record.opcode, record.fields, 0, summary);
  }
}
