import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { McapStreamReader, type McapTypes } from '@mcap/core';

const require = createRequire(import.meta.url);
const lz4 = require('@foxglove/wasm-lz4') as ((bytes: Uint8Array, size: number) => Uint8Array) & {
  isLoaded: Promise<void>;
};

/** A message of a file with its channel and schema. */
export interface ReadMessage {
  message: McapTypes.Message;
  channel: McapTypes.Channel;
  schema: McapTypes.Schema | null;
}

/** All records of a file in order, by the reader of @mcap/core, which checks the checksums. */
async function* recordsOf(path: string): AsyncGenerator<McapTypes.TypedMcapRecord> {
  await lz4.isLoaded;
  const decompressHandlers = { lz4: (packed: Uint8Array, size: bigint) => lz4(packed, Number(size)) };
  const reader = new McapStreamReader({ validateCrcs: true, decompressHandlers });
  reader.append(await readFile(path));
  for (let record; (record = reader.nextRecord());) yield record;
  if (!reader.done()) throw new Error(`${path} is not whole.`);
}

/** All messages of a file in order. */
export async function messagesOf(path: string): Promise<ReadMessage[]> {
  const schemas = new Map<number, McapTypes.Schema>();
  const channels = new Map<number, McapTypes.Channel>();
  const messages: ReadMessage[] = [];
  for await (const record of recordsOf(path)) {
    if (record.type === 'Schema') schemas.set(record.id, record);
    else if (record.type === 'Channel') channels.set(record.id, record);
    else if (record.type === 'Message') {
      const channel = channels.get(record.channelId)!;
      messages.push({ message: record, channel, schema: schemas.get(channel.schemaId) ?? null });
    }
  }
  return messages;
}
