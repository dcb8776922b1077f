import { open, type FileHandle } from 'node:fs/promises';
import { readMs } from '../format/bytes.ts';
import { Opcode, recordAt, type ChunkEntry, type McapChannel } from '../format/records.ts';
import type { Summary } from '../format/summary.ts';
import { readAt } from '../format/read-at.ts';

/** Whether an MCAP channel holds only events that a recorded replay sent after a seek to restore state. */
export function isRestored({ metadata }: McapChannel): boolean {
  return metadata.get('restored') === 'true';
}

/**
 * The summary without restored state, which has earlier times than the recording and would make it begin too early. Chunks
 * and counts are those of the other messages; all channels stay, because the chunks refer to them.
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
      const ids = channelsOf?.[i];
      const isMixed = chunk.indexBytes > 0 && (!ids || ids.some((id) => restored.has(id)));
      const range = isMixed ? await timeRangeOf(handle, chunk, restored) : chunk;
      if (!range) continue;
      chunks.push({ ...chunk, startMs: range.startMs, endMs: range.endMs });
      if (ids) channels.push(ids);
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

/** Times of a chunk's first and last message, leaving out some channels; null where there are no others. */
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
