import { open, type FileHandle } from 'node:fs/promises';
import { readMs } from '../format/bytes.ts';
import { COPIES_REASON, holdsCopies } from '../format/copied-channels.ts';
import { Opcode, recordAt, type ChunkEntry, type McapChannel } from '../format/records.ts';
import type { Summary } from '../format/summary.ts';
import { readAt } from '../format/read-at.ts';

/** Whether an MCAP channel holds only events that a recorded replay sent after a seek to restore state. */
export function isRestored({ metadata }: McapChannel): boolean {
  return metadata.get('restored') === 'true';
}

/** Whether the messages of an MCAP channel are played. Restored state and copies for Foxglove repeat other messages. */
export function isPlayed(channel: McapChannel): boolean {
  return !isRestored(channel) && !holdsCopies(channel);
}

/** How many messages of a file are copies for Foxglove, with the reason why they are not played; empty for none. */
export function skippedCopies({ channels, statistics }: Summary): ReadonlyMap<string, number> {
  const copies = [...channels.values()].filter(holdsCopies);
  const count = copies.reduce((sum, { id }) => sum + (statistics?.counts.get(id) ?? 0), 0);
  return new Map(count > 0 ? [[COPIES_REASON, count]] : []);
}

/**
 * The summary without what is not played: restored state has earlier times than the recording and would make it begin too
 * early. Chunks and counts are those of the other messages; all channels stay, because the chunks refer to them.
 */
export async function onlyPlayed(summary: Summary): Promise<Summary> {
  const unplayed = new Set(
    [...summary.channels.values()].filter((channel) => !isPlayed(channel)).map(({ id }) => id),
  );
  if (unplayed.size === 0) return summary;
  const { channelsOf, statistics } = summary;
  const chunks: ChunkEntry[] = [];
  const channels: Uint16Array[] = [];
  const handle = await open(summary.path);
  try {
    for (const [i, chunk] of summary.chunks.entries()) {
      const ids = channelsOf?.[i];
      const isMixed = chunk.indexBytes > 0 && (!ids || ids.some((id) => unplayed.has(id)));
      const range = isMixed ? await timeRangeOf(handle, chunk, unplayed) : chunk;
      if (!range) continue;
      chunks.push({ ...chunk, startMs: range.startMs, endMs: range.endMs });
      if (ids) channels.push(ids);
    }
  } finally {
    await handle.close();
  }
  let messages = statistics?.messages ?? 0;
  for (const id of unplayed) messages -= statistics?.counts.get(id) ?? 0;
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
