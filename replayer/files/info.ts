import { basename } from 'node:path';
import { stat } from 'node:fs/promises';
import { isoTime } from '../../core/wire/event.ts';
import { describe } from './describe.ts';
import { asRefusal } from '../mcap/reading/as-refusal.ts';
import { shiftNote, shiftOf } from '../mcap/format/shifted-times.ts';
import type { Summary } from '../mcap/format/summary.ts';
import { readSummary } from '../mcap/reading/summary.ts';
import { isMcap } from '../playing/playable.ts';
import type { OpenOptions } from '../reading/open-options.ts';

/** One channel of a recording; null where the file does not tell. */
export interface ChannelInfo {
  channel: string;
  messages: number | null;
  subjects: number | null;
  /** The title of its schema, or its encoding. */
  schema: string;
}

/** What is in a recording. */
export interface InfoReport {
  file: string;
  format: string;
  bytes: number;
  messages: number | null;
  start: string | null;
  end: string | null;
  channels: ChannelInfo[];
  /** For MCAP: the library in its header. This and the next seven are for MCAP only. */
  library?: string;
  indexed?: boolean;
  chunks?: number;
  compression?: string[];
  /** Unpacked bytes of the chunks for each packed byte. */
  ratio?: number;
  /** What else there is to say of the file, such as that its times are stored shifted. */
  note?: string;
  attachments?: { name: string; mediaType: string; bytes: number }[];
  /** By name. Where several have the same name, the others get a number: `name (2)`. */
  metadata?: { [name: string]: { [key: string]: string } };
  /** For other formats: how the recording was read. */
  description?: Awaited<ReturnType<typeof describe>>;
}

/** Tells what is in a recording. Reads only the summary of an MCAP file. @throws refusal when the file can't be read */
export async function recordingInfo(path: string, options: OpenOptions): Promise<InfoReport> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (await isMcap(path)) return ofMcap(await asRefusal(path, () => readSummary(path)));
  const description = await describe(path, options);
  const { records, start, end } = description;
  const channels = description.channels.map(({ records: messages, ...rest }) => ({
    ...rest,
    messages,
    schema: 'rows',
  }));
  return {
    file: basename(path),
    format: description.format ?? 'text',
    bytes: size,
    messages: records,
    start,
    end,
    channels,
    description,
  };
}

function ofMcap(summary: Summary): InfoReport {
  const { chunks, statistics, metadata, path, bytes, library, indexed } = summary;
  const shiftMs = shiftOf(metadata);
  const sum = (of: (chunk: (typeof chunks)[number]) => number) =>
    chunks.reduce((total, chunk) => total + of(chunk), 0);
  return {
    file: basename(path),
    format: 'mcap',
    bytes,
    messages: statistics?.messages ?? null,
    start: chunks.length > 0 ? isoTime(Math.min(...chunks.map(({ startMs }) => startMs)) - shiftMs) : null,
    end: chunks.length > 0 ? isoTime(Math.max(...chunks.map(({ endMs }) => endMs)) - shiftMs) : null,
    ...(shiftMs !== 0 && { note: shiftNote(shiftMs)! }),
    channels: channelsOf(summary),
    library,
    indexed,
    chunks: chunks.length,
    compression: [...new Set(chunks.map(({ compression }) => compression || 'none'))],
    ratio:
      Math.round(
        (sum((chunk) => chunk.bytes) /
          Math.max(
            1,
            sum((chunk) => chunk.packedBytes),
          )) *
          10,
      ) / 10,
    attachments: summary.attachments.map(({ name, mediaType, dataSize }) => ({
      name,
      mediaType,
      bytes: dataSize,
    })),
    metadata: Object.fromEntries(
      numbered(metadata).map(([name, values]) => [name, Object.fromEntries(values)]),
    ),
  };
}

function numbered(records: Summary['metadata']): [name: string, values: Map<string, string>][] {
  const seen = new Map<string, number>();
  return records.map(({ name, values }) => {
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return [number === 1 ? name : `${name} (${number})`, values];
  });
}

function channelsOf({ channels, schemas, statistics }: Summary): ChannelInfo[] {
  const found = new Map<string, ChannelInfo & { subjects: number }>();
  for (const { id, topic, encoding, schemaId, metadata } of channels.values()) {
    const schema = `${encoding}, ${schemas.get(schemaId)?.name ?? 'no schema'}`;
    const info = found.get(topic) ?? { channel: topic, messages: statistics ? 0 : null, subjects: 0, schema };
    if (info.messages !== null) info.messages += statistics?.counts.get(id) ?? 0;
    if (metadata.has('subject')) info.subjects++;
    found.set(topic, info);
  }
  return [...found.values()].map((info) => ({ ...info, subjects: info.subjects || null }));
}
