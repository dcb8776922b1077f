import type { FileHandle } from 'node:fs/promises';
import { BlockBuilder } from '../../../core/wire/block.ts';
import { readMs } from '../format/bytes.ts';
import { Opcode, recordAt, type ChunkEntry } from '../format/records.ts';
import { isRestored } from './restored-state.ts';
import { readAt } from '../format/read-at.ts';
import type { ChannelBlock, ChannelRows } from '../format/channel-rows.ts';
import type { Summary } from './summary.ts';

/** Where a message lies. */
interface MessagePosition {
  chunk: ChunkEntry;
  /** Within the unpacked chunk. */
  offset: number;
  timeMs: number;
}

/** A chunk without an index of its messages, or with many subjects on one channel, is read whole; so many at most. */
const WHOLE_MAX_CHUNKS = 256;

/**
 * The latest message of each MCAP channel before a time, by walking back through the message indexes. Settled is a
 * channel when no chunk that is left reaches as late as what was found. Answers null where chunks bring no index.
 */
export async function latestPositions(
  handle: FileHandle,
  { chunks, channels, channelsOf }: Summary,
  beforeMs: number,
): Promise<Map<number, MessagePosition> | null> {
  const found = new Map<number, MessagePosition>();
  const missing = new Set(
    [...channels.values()].filter((channel) => !isRestored(channel)).map(({ id }) => id),
  );
  for (const index of latestFirst(chunks, beforeMs)) {
    const chunk = chunks[index]!;
    for (const channel of missing)
      if ((found.get(channel)?.timeMs ?? -1) > chunk.endMs) missing.delete(channel);
    if (missing.size === 0) break;
    if (chunk.indexBytes === 0) return null;
    const of = channelsOf?.[index];
    if (of && !of.some((channel) => missing.has(channel))) continue;
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

/** The chunks that begin before a time, those that end last first. */
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
  data: Buffer;
}

/** Of chunks that go back in time: the latest row of each subject and channel before a time. */
export class LatestRows {
  readonly #beforeMs: number;
  /** By channel and subject. */
  readonly #found = new Map<number, Map<number, Latest>>();

  constructor(beforeMs: number) {
    this.#beforeMs = beforeMs;
  }

  /** The rows of a chunk. The texts are copied: of equal times the row added first stays, and no chunk is held. */
  add({ block, channels }: ChannelRows): void {
    const { timesMs, subjects, names, data, starts, ends } = block;
    for (let row = block.count - 1; row >= 0; row--) {
      const timeMs = timesMs[row]!;
      if (timeMs >= this.#beforeMs) continue;
      let latest = this.#found.get(channels[row]!);
      if (!latest) this.#found.set(channels[row]!, (latest = new Map<number, Latest>()));
      const subject = subjects[row]!;
      if ((latest.get(subject)?.timeMs ?? -1) >= timeMs) continue;
      latest.set(subject, {
        timeMs,
        name: names[subject]!,
        data: Buffer.from(data.subarray(starts[row], ends[row])),
      });
    }
  }

  /** By channel, in time order. */
  take(): ChannelBlock[] {
    return [...this.#found].map(([channel, subjects]) => {
      const latest = [...subjects.values()].sort((a, b) => a.timeMs - b.timeMs);
      const builder = new BlockBuilder(latest.length);
      for (const { timeMs, name, data } of latest) builder.addBytes(timeMs, name, data, 0, data.length);
      return { channel, block: builder.take() };
    });
  }
}

/** The chunks to read whole to know the latest of subjects that share a channel. */
export function chunksToRead({ chunks }: Summary, beforeMs: number): ChunkEntry[] {
  return latestFirst(chunks, beforeMs)
    .slice(0, WHOLE_MAX_CHUNKS)
    .map((i) => chunks[i]!);
}
