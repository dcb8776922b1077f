import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { MalformedMcap } from '../format/bytes.ts';
import { HEAD_BYTES, type AttachmentEntry } from '../format/records.ts';
import type { Attachment } from '../format/summary.ts';
import { readAt } from '../format/read-at.ts';
import type { McapWriter } from './writer.ts';

const PIECE_BYTES = 1 << 20;
/** The fields of an attachment before its data, besides its two texts. */
const FIELDS_BYTES = 16 + 4 + 4 + 8;

/** Checks the checksum of an attachment, where it has one. @throws MalformedMcap when it is damaged */
export async function checkAttachment(handle: FileHandle, attachment: AttachmentEntry): Promise<void> {
  const { offset, length, name, mediaType, dataSize } = attachment;
  const textBytes = Buffer.byteLength(name) + Buffer.byteLength(mediaType);
  const crcAt = offset + HEAD_BYTES + FIELDS_BYTES + textBytes + dataSize;
  if (crcAt + 4 > offset + length)
    throw new MalformedMcap(`the attachment "${name}" is longer than its record`);
  let found = 0;
  for await (const piece of pieces(handle, offset + HEAD_BYTES, crcAt)) found = crc32(piece, found);
  const crc = (await readAt(handle, crcAt, 4)).readUInt32LE();
  if (crc !== 0 && crc !== found) throw new MalformedMcap(`the attachment "${name}" is damaged (CRC)`);
}

/** Copies attachments byte for byte, each after a check. @throws MalformedMcap at the first that is damaged */
export async function copyAttachments(attachments: readonly Attachment[], writer: McapWriter): Promise<void> {
  for (const attachment of attachments) {
    const handle = await open(attachment.path);
    try {
      await copyAttachment(handle, attachment, writer);
    } finally {
      await handle.close();
    }
  }
}

/** Copies an attachment byte for byte after a check. @throws MalformedMcap when it is damaged */
export async function copyAttachment(
  handle: FileHandle,
  attachment: AttachmentEntry,
  writer: McapWriter,
): Promise<void> {
  await checkAttachment(handle, attachment);
  const { offset, length } = attachment;
  await writer.addAttachment(attachment, pieces(handle, offset, offset + length));
}

async function* pieces(handle: FileHandle, from: number, to: number): AsyncGenerator<Buffer> {
  for (let at = from; at < to; at += PIECE_BYTES)
    yield await readAt(handle, at, Math.min(PIECE_BYTES, to - at));
}
