import type { FileHandle } from 'node:fs/promises';
import { FieldReader } from '../format/bytes.ts';
import {
  HEAD_BYTES,
  Opcode,
  readAttachmentHead,
  readMetadata,
  recordAt,
  type AttachmentEntry,
  type ChunkEntry,
} from '../format/records.ts';
import { readAt } from '../format/read-at.ts';
import type { Summary } from '../format/summary.ts';
import { readRecords } from './read-chunk.ts';
import { addRecord } from './summary-section.ts';
import { ChunkFinder, walk, type PlacedRecord } from './walk.ts';

/** Bound on the fields of an attachment before its data. */
const ATTACHMENT_HEAD_MAX_BYTES = 1 << 20;

/** Numbers of messages by channel id. */
type Counts = Map<number, number>;

/**
 * The chunks, and the runs of messages outside of chunks, between two places of a file. Adds everything else that is there to
 * the summary, and the number of messages of each channel to `counts`. @throws MalformedMcap
 */
export async function recordsWithin(
  handle: FileHandle,
  { from, to }: { from: number; to: number },
  summary: Summary,
  counts?: Counts,
): Promise<ChunkEntry[]> {
  const finder = new ChunkFinder();
  for await (const record of walk(handle, from, to)) {
    const { opcode, offset, length, fields } = record;
    if (opcode === Opcode.DATA_END) break;
    finder.add(record);
    if (opcode === Opcode.MESSAGE) count(counts, fields);
    else if (opcode === Opcode.CHUNK) await addChunk(handle, finder.entries.at(-1)!, summary, counts);
    else if (opcode === Opcode.METADATA) {
      const [name, values] = readMetadata(fields);
      summary.metadata.push({ offset, length, name, values });
    } else if (opcode === Opcode.ATTACHMENT) {
      const attachment = await attachmentAt(handle, record);
      summary.attachments.push({ ...attachment, path: summary.path });
    } else if (opcode === Opcode.CHANNEL || opcode === Opcode.SCHEMA)
      await addRecord(handle, opcode, fields, 0, summary);
  }
  return finder.entries;
}

/** Reads what the record of an attachment says of it. @throws MalformedMcap */
export async function attachmentAt(
  handle: FileHandle,
  { offset, length }: Pick<PlacedRecord, 'offset' | 'length'>,
): Promise<AttachmentEntry> {
  const head = await readAt(handle, offset, Math.min(length, ATTACHMENT_HEAD_MAX_BYTES));
  return readAttachmentHead(new FieldReader(head, HEAD_BYTES), offset, length);
}

/** Adds the channels and schemas that a chunk holds, and counts its messages. */
async function addChunk(
  handle: FileHandle,
  chunk: ChunkEntry,
  summary: Summary,
  counts: Counts | undefined,
): Promise<void> {
  const records = await readRecords(handle, chunk);
  for (let at = 0, record; (record = recordAt(records, at)); at += record.length) {
    const { opcode, fields } = record;
    if (opcode === Opcode.MESSAGE) count(counts, fields);
    else if (opcode === Opcode.CHANNEL || opcode === Opcode.SCHEMA)
      await addRecord(handle, opcode, fields, 0, summary);
  }
}

function count(counts: Counts | undefined, message: FieldReader): void {
  if (!counts) return;
  const channel = message.u16();
  counts.set(channel, (counts.get(channel) ?? 0) + 1);
}
