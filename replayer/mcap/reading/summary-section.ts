import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { FieldReader, MalformedMcap } from '../format/bytes.ts';
import { readAt } from '../format/read-at.ts';
import {
  HEAD_BYTES,
  MAGIC,
  Opcode,
  readAttachmentIndex,
  readChannel,
  readChunkIndex,
  readMetadata,
  readSchema,
  readStatistics,
  recordAt,
  TAIL_BYTES,
} from '../format/records.ts';
import type { Summary } from '../format/summary.ts';

const PIECE_BYTES = 1 << 22;
const METADATA_MAX_BYTES = 1 << 26;
/** Bound on the remembered channels of chunks. With more, readers look into the message indexes instead. */
const CHANNELS_OF_CHUNKS_MAX = 1 << 23;

/** Reads the footer: where the summary section begins (0: there is none), and its checksum. @throws MalformedMcap */
export async function readFooter(handle: FileHandle, size: number): Promise<{ start: number; crc: number }> {
  const tail = size < TAIL_BYTES ? null : await readAt(handle, size - TAIL_BYTES, TAIL_BYTES);
  const whole = tail?.subarray(-MAGIC.length).equals(MAGIC) && tail[0] === Opcode.FOOTER;
  if (!tail || !whole) throw new MalformedMcap('its end is missing');
  const fields = new FieldReader(tail, HEAD_BYTES);
  const start = fields.u64();
  fields.skip(8);
  if (start > size - TAIL_BYTES) throw new MalformedMcap('its summary lies beyond its end');
  return { start, crc: fields.u32() };
}

/** Reads the summary section from `start` on into the summary; in pieces, because many subjects make it long. @throws MalformedMcap */
export async function readSection(
  handle: FileHandle,
  start: number,
  size: number,
  crc: number,
  summary: Summary,
): Promise<void> {
  const end = size - TAIL_BYTES;
  let found = 0;
  let held: Buffer = Buffer.alloc(0);
  let remembered = 0;
  for (let at = start; at < end;) {
    const piece = await readAt(handle, at, Math.min(PIECE_BYTES, end - at));
    at += piece.length;
    found = crc32(piece, found);
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    let offset = 0;
    for (let record; (record = recordAt(held, offset)); offset += record.length) {
      if (record.opcode === Opcode.CHUNK_INDEX) {
        const { entry, channels } = readChunkIndex(record.fields);
        if (entry.offset + entry.length + entry.indexBytes > start)
          throw new MalformedMcap('its index names a chunk beyond the data');
        summary.chunks.push(entry);
        remembered += channels.length;
        if (remembered > CHANNELS_OF_CHUNKS_MAX) summary.channelsOf = null;
        summary.channelsOf?.push(channels);
      } else await addRecord(handle, record.opcode, record.fields, start, summary);
    }
    held = held.subarray(offset);
  }
  if (held.length > 0) throw new MalformedMcap('its summary is cut off');
  const footer = await readAt(handle, end, HEAD_BYTES + 16);
  if (crc !== 0 && crc32(footer, found) !== crc) throw new MalformedMcap('its summary is damaged (CRC)');
  inFileOrder(summary);
}

/** Puts the chunks into file order, unless they are in that order. */
export function inFileOrder(summary: Summary): void {
  const { chunks, channelsOf } = summary;
  if (chunks.every((chunk, i) => i === 0 || chunks[i - 1]!.offset < chunk.offset)) return;
  const order = [...chunks.keys()].sort((a, b) => chunks[a]!.offset - chunks[b]!.offset);
  summary.chunks = order.map((i) => chunks[i]!);
  summary.channelsOf = channelsOf && order.map((i) => channelsOf[i]!);
}

/** Adds what a record says to the summary. `dataEnd` bounds where metadata may lie. */
export async function addRecord(
  handle: FileHandle,
  opcode: number,
  fields: FieldReader,
  dataEnd: number,
  summary: Summary,
): Promise<void> {
  const { channels, schemas, metadata } = summary;
  if (opcode === Opcode.CHANNEL) {
    const channel = readChannel(fields);
    channels.set(channel.id, channel);
  } else if (opcode === Opcode.SCHEMA) {
    const schema = readSchema(fields);
    schemas.set(schema.id, schema);
  } else if (opcode === Opcode.METADATA_INDEX) {
    const [offset, length] = [fields.u64(), fields.u64()];
    if (offset + length > dataEnd || length > METADATA_MAX_BYTES)
      throw new MalformedMcap('its index names metadata beyond the data');
    const record = recordAt(await readAt(handle, offset, length), 0);
    if (record?.opcode !== Opcode.METADATA)
      throw new MalformedMcap('its index names metadata where there are none');
    const [name, values] = readMetadata(record.fields);
    metadata.push({ offset, length, name, values });
  } else if (opcode === Opcode.ATTACHMENT_INDEX) {
    const attachment = readAttachmentIndex(fields);
    if (attachment.offset + attachment.length > dataEnd)
      throw new MalformedMcap('its index names an attachment beyond the data');
    summary.attachments.push({ ...attachment, path: summary.path });
  } else if (opcode === Opcode.STATISTICS) summary.statistics = readStatistics(fields);
}
