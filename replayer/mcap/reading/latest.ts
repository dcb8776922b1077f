import type { FileHandle } from 'node:fs/promises';
import { BlockBuilder } from '../../../core/wire/block.ts';
import { readMs } from '../format/bytes.ts';
import { Opcode, recordAt, type ChunkEntry } from '../format/records.ts';
import { isPlayed } from './unplayed.ts';
import { readAt } from '../format/read-at.ts';
import type { ChannelBlock, ChannelRows } from '../format/channel-rows.ts';
import type { Summary } from '../format/summary.ts';

/** Where a message lies in a file. */
interface MessagePosition {
  chunk: ChunkEntry;
  /** Within the unpacked chunk. */
  offset: number;
  timeMs: number;
}

/** Bound on the chunks read in full, where chunks have no message indexes or several subjects share a channel. */
const WHOLE_MAX_CHUNKS = 256;

/**
 * The latest message of each MCAP channel before a time, found by walking back through the message indexes. A channel is
 * settled when no remaining chunk reaches as late as the message found. Null where chunks have no message indexes.
 */
export async function latestPositions(
  handle: FileHandle,
  { chunks, channels, channelsOf }: Summary,
  beforeMs: number,
): Promise<Map<number, MessagePosition> | null> {
  const found = new Map<number, MessagePosition>();
  const missing = new Set([...channels.values()].filter(isPlayed).map(({ id }) => id));
  for (const index of latestFirst(chunks, beforeMs)) {
    const chunk = chunks[index]!;
    for (const channel of missing)
      if ((found.get(channel)?.timeMs ?? -1) > chunk.endMs) missing.delete(channel);
    if (missing.size === 0) break;
    if (chunk.indexBytes === 0) return null;
    const inChunk = channelsOf?.[index];
    if (inChunk && !inChunk.some((channel) => missing.has(channel))) continue;
    const bytes = await readAt(handle, chunk.offset + chunk.length, chunk.indexBytes);
    for (let at = 0, record; (record = recordAt(bytes, at)); at += record.length) {
      if (record.opcode !== Opcode.MESSAGE_INDEX) continue;
      const { fields } = record;
      const channel = fields.u16();
      const last = missing.has(channel) ? lastBefore(fields.data(fields.u32()), beforeMs) : null;
      if (last && later({ ...last, chunk }, found.get(channel))) found.set(channel, { ...last, chunk });
    }
  }
  return found;
}

/** Indexes of the chunks that begin before a time; those that end last come first. */
function latestFirst(chunks: ChunkEntry[], beforeMs: number): number[] {
  const order = [...chunks.keys()].filter((i) => chunks[i]!.startMs < beforeMs);
  return order.sort((a, b) => chunks[b]!.endMs - chunks[a]!.endMs || b - a);
}

function lastBefore(entries: Buffer, beforeMs: number): { timeMs: number; offset: number } | null {
  let best: { timeMs: number; offset: number } | null = null;
  for (let at = 0; at + 16 <= entries.length; at += 16) {
    const timeMs = readMs(entries, at);
    if (timeMs >= beforeMs) continue;
    const offset = entries.readUInt32LE(at + 8);
    if (!best || timeMs > best.timeMs || (timeMs === best.timeMs && offset > best.offset))
      best = { timeMs, offset };
  }
  return best;
}

function later(a: MessagePosition, b: MessagePosition | undefined): boolean {
  if (!b) return true;
  return a.timeMs > b.timeMs || (a.timeMs === b.timeMs && a.chunk.offset > b.chunk.offset);
}

interface Latest {
  timeMs: number;
  name: string;
  data: string;
  bare: Buffer | undefined;
}

/** Collects the latest row before a time of each channel and subject, from chunks that are added latest first. */
export class LatestRows {
  readonly #beforeMs: number;
  /** By channel and subject. */
  readonly #found = new Map<number, Map<number, Latest>>();

  constructor(beforeMs: number) {
    this.#beforeMs = beforeMs;
  }

  /** Adds the rows of a chunk. Texts are copied, so that no chunk is kept. At equal times the row added first stays. */
  add({ block, channels }: ChannelRows): void {
    const { timesMs, subjects, names } = block;
    for (let row = block.count - 1; row >= 0; row--) {
      const timeMs = timesMs[row]!;
      if (timeMs >= this.#beforeMs) continue;
      let latest = this.#found.get(channels[row]!);
      if (!latest) this.#found.set(channels[row]!, (latest = new Map<number, Latest>()));
      const subject = subjects[row]!;
      if ((latest.get(subject)?.timeMs ?? -Infinity) >= timeMs) continue;
      const bare = block.bareOf(row);
      latest.set(subject, {
        timeMs,
        name: names[subject]!,
        data: block.record(row).data,
        bare: bare && Buffer.from(bare),
      });
    }
  }

  /** The latest rows by channel, each in time order. */
  take(): ChannelBlock[] {
    return [...this.#found].map(([channel, subjects]) => {
      const latest = [...subjects.values()].sort((a, b) => a.timeMs - b.timeMs);
      const builder = new BlockBuilder(latest.length);
      for (const { timeMs, name, data, bare } of latest) builder.add(timeMs, name, data, bare);
      return { channel, block: builder.take() };
    });
  }
}

/** The chunks to read in full for the latest messages of subjects that share a channel, the latest first. */
export function chunksToRead({ chunks }: Summary, beforeMs: number): ChunkEntry[] {
  return latestFirst(chunks, beforeMs)
    .slice(0, WHOLE_MAX_CHUNKS)
    .map((i) => chunks[i]!);
}
