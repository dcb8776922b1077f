import { open, type FileHandle } from 'node:fs/promises';
import { readMs } from '../format/bytes.ts';
import { Opcode, recordAt, type ChunkEntry, type McapChannel } from '../format/records.ts';
import type { Summary } from './summary.ts';
import { readAt } from '../format/read-at.ts';

/** Whether what is on an MCAP channel only says how things stood when the replay that was recorded was moved. */
export function isRestored({ metadata }: McapChannel): boolean {
  return metadata.get('restored') === 'true';
}

/**
 * The summary with the chunks and counts of what was new: restored state is of earlier times, and would make a recording
 * begin with it. The channels stay, for the chunks name them.
 */
export async function withoutRestored(summary: Summary): Promise<Summary> {
  const restored = new Set([...summary.channels.values()].filter(isRestored).map(({ id }) => id));
  if (restored.size === 0) return summary;
  const { channelsOf, statistics } = summary;
  const chunks: ChunkEntry[] = [];
  const channels: Uint16Array[] = [];
  const handle = await open(summary.path);
  try {
    for (const [i, chunk] of summary.chunks.entries()) {
      const of = channelsOf?.[i];
      const isMixed = chunk.indexBytes > 0 && (!of || of.some((id) => restored.has(id)));
      const span = isMixed ? await timeRangeOf(handle, chunk, restored) : chunk;
      if (!span) continue;
      chunks.push({ ...chunk, startMs: span.startMs, endMs: span.endMs });
      if (of) channels.push(of);
    }
  } finally {
    await handle.close();
  }
  let messages = statistics?.messages ?? 0;
  for (const id of restored) messages -= statistics?.counts.get(id) ?? 0;
  return {
    ...summary,
    chunks,
    channelsOf: channelsOf && channels,
    statistics: statistics && { ...statistics, messages },
  };
}

/** Time of the first and last message of a chunk on other channels than these; null where there is none. */
async function timeRangeOf(
  handle: FileHandle,
  { offset, length, indexBytes }: ChunkEntry,
  except: ReadonlySet<number>,
): Promise<{ startMs: number; endMs: number } | null> {
  const bytes = await readAt(handle, offset + length, indexBytes);
  let [startMs, endMs] = [Infinity, -Infinity];
  for (let at = 0, record; (record = recordAt(bytes, at)); at += record.length) {
    if (record.opcode !== Opcode.MESSAGE_INDEX) continue;
    const { fields } = record;
    if (except.has(fields.u16())) continue;
    const entries = fields.data(fields.u32());
    for (let entry = 0; entry + 16 <= entries.length; entry += 16) {
      const timeMs = readMs(entries, entry);
      startMs = Math.min(startMs, timeMs);
      endMs = Math.max(endMs, timeMs);
    }
  }
  return startMs === Infinity ? null : { startMs, endMs };
}
