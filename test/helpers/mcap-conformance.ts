import { crc32 } from 'node:zlib';
import { McapChunkBuilder, McapRecordBuilder, type McapTypes } from '@mcap/core';

/**
 * The files of MCAP's conformance set, made from a compact description of it: each of six contents is written in all
 * combinations of ten features that make sense for it, 416 files in all. Their bytes are those of the published set: the
 * checksums in its descriptions agree (see the test).
 */

/** What a file can have: chunks, message indexes, chunk index, statistics and so on; `pad`: bytes after a record's fields. */
const FEATURES = ['ch', 'mx', 'st', 'rsh', 'rch', 'ax', 'mdx', 'chx', 'sum', 'pad'] as const;
type Feature = (typeof FEATURES)[number];

interface Content {
  schema?: McapTypes.Schema;
  channel?: McapTypes.Channel;
  messages: McapTypes.Message[];
  attachment?: McapTypes.Attachment;
  metadata?: McapTypes.Metadata;
}

/** One file of the set. */
export interface ConformanceFile {
  /** The content and the features in order, such as `OneMessage-ch-mx`. */
  name: string;
  features: ReadonlySet<Feature>;
  messages: number;
  attachments: number;
  metadata: number;
  bytes: Buffer;
}

const data = Uint8Array.of(1, 2, 3);
const schema: McapTypes.Schema = {
  id: 1,
  name: 'Example',
  encoding: 'c',
  data: Uint8Array.of(4, 5, 6),
};
const channel: McapTypes.Channel = {
  id: 1,
  schemaId: 1,
  topic: 'example',
  messageEncoding: 'a',
  metadata: new Map([['foo', 'bar']]),
};
const one = { channelId: 1, sequence: 10, publishTime: 1n, logTime: 2n, data };
const ten = [0n, 2n, 1n, 3n, 3n, 5n, 4n, 7n, 8n, 9n].map((time, sequence) => ({
  channelId: 1,
  sequence,
  publishTime: time,
  logTime: time,
  data,
}));

const CONTENTS: { [name: string]: Content } = {
  NoData: { messages: [] },
  OneMessage: { schema, channel, messages: [one] },
  TenMessages: { schema, channel, messages: ten },
  OneSchemalessMessage: {
    channel: { ...channel, schemaId: 0, messageEncoding: 'text', metadata: new Map() },
    messages: [one],
  },
  OneAttachment: {
    messages: [],
    attachment: {
      name: 'myFile',
      logTime: 2n,
      createTime: 1n,
      mediaType: 'application/octet-stream',
      data,
    },
  },
  OneMetadata: { messages: [], metadata: { name: 'myMetadata', metadata: new Map([['foo', 'bar']]) } },
};

/** All files of the set. */
export function* conformanceSet(): Generator<ConformanceFile> {
  for (const [base, content] of Object.entries(CONTENTS)) {
    for (let bits = 0; bits < 1 << FEATURES.length; bits++) {
      const features = new Set(FEATURES.filter((_, i) => bits & (1 << i)));
      if (!makesSense(content, features)) continue;
      yield {
        name: [base, ...[...features].sort()].join('-'),
        features,
        messages: content.messages.length,
        attachments: content.attachment ? 1 : 0,
        metadata: content.metadata ? 1 : 0,
        bytes: fileOf(content, features),
      };
    }
  }
}

function makesSense(content: Content, features: Set<Feature>): boolean {
  const has = (feature: Feature) => features.has(feature);
  if (has('ch') && !content.channel) return false;
  if ((has('mx') || has('chx')) && !has('ch')) return false;
  if (has('rsh') && !content.schema) return false;
  if (has('rch') && !content.channel) return false;
  if (has('ax') && !content.attachment) return false;
  if (has('mdx') && !content.metadata) return false;
  const isSummarised = (['chx', 'rsh', 'rch', 'mdx', 'ax', 'st'] as const).some(has);
  return !has('sum') || isSummarised;
}

function fileOf(content: Content, features: Set<Feature>): Buffer {
  const { schema, channel, messages, attachment, metadata } = content;
  const padRecords = features.has('pad');
  const records = new McapRecordBuilder({ padRecords });
  records.writeMagic();
  records.writeHeader({ profile: '', library: '' });
  const chunk = features.has('ch') ? new McapChunkBuilder({ useMessageIndex: features.has('mx') }) : null;
  if (chunk) {
    if (schema) chunk.addSchema(schema);
    if (channel) chunk.addChannel(channel);
    for (const message of messages) chunk.addMessage(message);
  } else {
    if (schema) records.writeSchema(schema);
    if (channel) records.writeChannel(channel);
    for (const message of messages) records.writeMessage(message);
  }
  const attachmentAt = BigInt(records.length);
  const attachmentLength = attachment && records.writeAttachment(attachment);
  const metadataAt = BigInt(records.length);
  const metadataLength = metadata && records.writeMetadata(metadata);
  const chunkIndex = chunk && writeChunk(records, chunk);
  const dataSection = records.buffer;
  const dataEnd = endOfData(crc32(dataSection), padRecords);

  const start = dataSection.length + dataEnd.length;
  const summary = new McapRecordBuilder({ padRecords });
  const groups: McapTypes.SummaryOffset[] = [];
  const group = (groupOpcode: number, write: () => unknown) => {
    const from = summary.length;
    write();
    const groupLength = BigInt(summary.length - from);
    groups.push({ groupOpcode, groupStart: BigInt(start + from), groupLength });
  };
  if (features.has('rsh')) group(3, () => summary.writeSchema(schema!));
  if (features.has('rch')) group(4, () => summary.writeChannel(channel!));
  if (features.has('st')) group(11, () => summary.writeStatistics(statisticsOf(content, chunk !== null)));
  if (features.has('mdx')) {
    const index = { name: metadata!.name, offset: metadataAt, length: metadataLength! };
    group(13, () => summary.writeMetadataIndex(index));
  }
  if (features.has('ax')) {
    const { name, logTime, createTime, mediaType, data } = attachment!;
    const place = { offset: attachmentAt, length: attachmentLength!, dataSize: BigInt(data.length) };
    group(10, () => summary.writeAttachmentIndex({ name, logTime, createTime, mediaType, ...place }));
  }
  if (features.has('chx')) group(8, () => summary.writeChunkIndex(chunkIndex!));
  const offsetsStart = start + summary.length;
  if (features.has('sum')) for (const each of groups) summary.writeSummaryOffset(each);
  const footer = {
    summaryStart: groups.length > 0 ? BigInt(start) : 0n,
    summaryOffsetStart: features.has('sum') ? BigInt(offsetsStart) : 0n,
    summaryCrc: 0,
  };
  const footerAt = summary.length;
  summary.writeFooter(footer);
  const summaryCrc = crc32(summary.buffer.subarray(0, -4));
  const tail = new McapRecordBuilder();
  tail.writeFooter({ ...footer, summaryCrc });
  tail.writeMagic();
  return Buffer.concat([dataSection, dataEnd, summary.buffer.subarray(0, footerAt), tail.buffer]);
}

/** The record that ends the data section. The published files pad it, which the library's builder does not. */
function endOfData(dataSectionCrc: number, isPadded: boolean): Buffer {
  const padding = isPadded ? [0x01, 0xff, 0xff] : [];
  const record = Buffer.from([0x0f, 4 + padding.length, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...padding]);
  record.writeUInt32LE(dataSectionCrc, 9);
  return record;
}

/** Writes a chunk and its message indexes; answers its index. */
function writeChunk(records: McapRecordBuilder, chunk: McapChunkBuilder): McapTypes.ChunkIndex {
  const chunkStartOffset = BigInt(records.length);
  const uncompressedSize = BigInt(chunk.byteLength);
  const about = {
    compression: '',
    messageStartTime: chunk.messageStartTime,
    messageEndTime: chunk.messageEndTime,
    uncompressedSize,
  };
  const uncompressedCrc = crc32(chunk.buffer);
  const chunkLength = records.writeChunk({ ...about, uncompressedCrc, records: chunk.buffer });
  const messageIndexOffsets = new Map<number, bigint>();
  let messageIndexLength = 0n;
  for (const index of chunk.indices) {
    messageIndexOffsets.set(index.channelId, BigInt(records.length));
    messageIndexLength += records.writeMessageIndex(index);
  }
  const place = { chunkStartOffset, chunkLength, messageIndexLength, messageIndexOffsets };
  return { ...about, compressedSize: uncompressedSize, ...place };
}

function statisticsOf(content: Content, isChunked: boolean): McapTypes.Statistics {
  const { messages, schema, channel, attachment, metadata } = content;
  const times = messages.map(({ logTime }) => Number(logTime));
  return {
    messageCount: BigInt(messages.length),
    schemaCount: schema ? 1 : 0,
    channelCount: channel ? 1 : 0,
    attachmentCount: attachment ? 1 : 0,
    metadataCount: metadata ? 1 : 0,
    chunkCount: isChunked ? 1 : 0,
    messageStartTime: BigInt(times.length > 0 ? Math.min(...times) : 0),
    messageEndTime: BigInt(times.length > 0 ? Math.max(...times) : 0),
    channelMessageCounts: new Map(channel ? [[1, BigInt(messages.length)]] : []),
  };
}
