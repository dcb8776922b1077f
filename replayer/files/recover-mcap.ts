import { open, rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { MalformedMcap, FieldReader } from '../mcap/format/bytes.ts';
import { COPIED_LIBRARY, isTrusted, LIBRARY } from '../mcap/format/libraries.ts';
import { RawCopy, scanRaw } from './raw-messages.ts';
import {
  Opcode,
  readChannel,
  readMetadata,
  readSchema,
  recordAt,
  type McapChannel,
  type McapSchema,
} from '../mcap/format/records.ts';
import { salvage, type Damage } from '../mcap/recovery/salvage.ts';
import { copyAttachment } from '../mcap/writing/attachments.ts';
import { attachmentAt } from '../mcap/reading/find-records.ts';
import { readLibrary, readSummary } from '../mcap/reading/summary.ts';
import { McapWriter } from '../mcap/writing/writer.ts';
import type { RecoverReport } from './recover-report.ts';

const DAMAGES_MAX = 1_000;

/** Saves every message of an MCAP file whose bytes are there. */
export async function recoverMcap(input: string, out: string): Promise<RecoverReport> {
  if (!out.toLowerCase().endsWith('.mcap'))
    throw refusal('output_format', `${basename(out)} is not the name of an MCAP file.`, {
      hint: 'Recover writes MCAP as MCAP. Name a file that ends in .mcap, and convert it afterwards.',
    });
  const damages: Damage[] = [];
  // An intact summary knows the channels whose records were in damaged chunks.
  const known = await readSummary(input).catch(() => null);
  const channels = new Map<number, McapChannel>(known?.channels);
  const schemas = new Map<number, McapSchema>(known?.schemas);
  const library = isTrusted(await readLibrary(input)) ? LIBRARY : COPIED_LIBRARY;
  let [attachments, metadata] = [0, 0];
  const part = `${out}.part`;
  const file = await open(input);
  try {
    const copy = await McapWriter.whole(part, { library }, async (writer) => {
      const copy = new RawCopy(writer, [{ channels, schemas }]);
      for await (const salvaged of salvage(input, damages)) {
        const { opcode, offset, length, records } = salvaged;
        try {
          if (opcode === Opcode.ATTACHMENT) {
            await copyAttachment(file, await attachmentAt(file, salvaged), writer);
            attachments++;
          } else if (opcode === Opcode.METADATA) {
            await writer.addMetadata(...readMetadata(recordAt(records!, 0)!.fields));
            metadata++;
          } else {
            learn(records!, channels, schemas);
            await copy.add(scanRaw(records!));
          }
        } catch (error) {
          if (!(error instanceof MalformedMcap)) throw error;
          damages.push({ offset, bytes: length, what: error.message, lossy: true });
        }
        if (damages.length > DAMAGES_MAX) break;
      }
      return copy;
    });
    if (copy.nameless > 0) {
      const what = `${copy.nameless} messages belong to channels whose records are lost`;
      damages.push({ offset: 0, bytes: 0, what, lossy: true });
    }
    const lost = damages.some(({ lossy }) => lossy);
    // An intact file may hold no message.
    if (copy.copied + attachments > 0 || damages.length === 0) await rename(part, out);
    return { out, recovered: copy.copied, attachments, metadata, damages, lost };
  } finally {
    await file.close();
    await rm(part, { force: true });
  }
}

/** Adds the channels and schemas among records. */
function learn(records: Buffer, channels: Map<number, McapChannel>, schemas: Map<number, McapSchema>): void {
  for (let at = 0, record; (record = recordAt(records, at)); at += record.length) {
    const fields = new FieldReader(records, record.fields.at, record.fields.end);
    if (record.opcode === Opcode.CHANNEL) {
      const channel = readChannel(fields);
      channels.set(channel.id, channel);
    } else if (record.opcode === Opcode.SCHEMA) {
      const schema = readSchema(fields);
      schemas.set(schema.id, schema);
    }
  }
}
