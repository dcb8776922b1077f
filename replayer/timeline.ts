import { Block, BlockBuilder } from '../core/block.ts';
import type { Record } from '../core/event.ts';
import type { Recording } from './recording.ts';

/** A stretch of records of all recordings in time order. */
export interface Stretch {
  timesMs: Float64Array;
  /** The records `from` to before `to` by channel, an index into the timeline's channels; in order within each. */
  parts(from: number, to: number): Part[];
}

export interface Part {
  channel: number;
  block: Block;
}

const STRETCH_RECORDS = 4_096;

/** What a player plays: recordings merged into one order of time. */
export interface Timeline {
  startMs: number;
  /** null where only a full reading would tell. */
  endMs: number | null;
  /** Each once. */
  channels: string[];
  from(timeMs: number): AsyncIterable<Stretch>;
  /** The latest record of each subject of each channel before a time. */
  latestBefore(timeMs: number): Promise<Part[]>;
  /** The time of the last record before a time; null where there is none. */
  timeBefore(timeMs: number): Promise<number | null>;
}

/** Several recordings on one timeline; equal times keep the order of the recordings, and of the rows within one. */
export function timelineOf(recordings: Recording[]): Timeline {
  const channels = [...new Set(recordings.map((recording) => recording.channel))];
  const channelOf = recordings.map((recording) => channels.indexOf(recording.channel));
  const ends = recordings.map((recording) => recording.endMs);
  return {
    startMs: Math.min(...recordings.map((recording) => recording.startMs)),
    endMs: ends.includes(null) ? null : Math.max(...(ends as number[])),
    channels,
    from: (timeMs) =>
      recordings.length === 1 ? single(recordings[0]!, timeMs) : merged(recordings, channelOf, timeMs),
    latestBefore: (timeMs) => latestOf(recordings, channelOf, timeMs),
    async timeBefore(timeMs) {
      const times = await Promise.all(recordings.map((recording) => recording.timeBefore(timeMs)));
      return times.reduce(
        (last, time) => (last === null || (time !== null && time > last) ? time : last),
        null,
      );
    },
  };
}

/** Of a subject in several recordings of one channel the latest of all. */
async function latestOf(recordings: Recording[], channelOf: number[], timeMs: number): Promise<Part[]> {
  const byChannel = new Map<number, Map<string, Record>>();
  for (const [i, recording] of recordings.entries()) {
    const channel = channelOf[i]!;
    const latest = byChannel.get(channel) ?? new Map<string, Record>();
    byChannel.set(channel, latest);
    for (const record of (await recording.latestBefore(timeMs))?.records() ?? []) {
      if (!(record.timeMs < (latest.get(record.subject)?.timeMs ?? -Infinity)))
        latest.set(record.subject, record);
    }
  }
  return [...byChannel]
    .filter(([, latest]) => latest.size > 0)
    .map(([channel, latest]) => ({
      channel,
      block: Block.of([...latest.values()].sort((a, b) => a.timeMs - b.timeMs)),
    }));
}

async function* single(recording: Recording, fromMs: number): AsyncGenerator<Stretch> {
  for await (const block of recording.blocks(fromMs)) {
    const { timesMs } = block;
    yield { timesMs, parts: (from, to) => [{ channel: 0, block: block.slice(from, to) }] };
  }
}

/** How far one recording is in the merge. */
interface Lane {
  source: AsyncGenerator<Block>;
  block: Block;
  row: number;
}

async function* merged(
  recordings: Recording[],
  channelOf: number[],
  fromMs: number,
): AsyncGenerator<Stretch> {
  const sources = recordings.map((recording) => recording.blocks(fromMs));
  const lanes: (Lane | null)[] = [];
  try {
    for (const [i, source] of sources.entries()) lanes[i] = await nextBlock(source);
    while (lanes.some(Boolean)) {
      yield stretchOf(lanes, channelOf);
      for (const [i, lane] of lanes.entries()) {
        if (lane && lane.row === lane.block.count) lanes[i] = await nextBlock(lane.source);
      }
    }
  } finally {
    for (const source of sources) await source.return(undefined);
  }
}

async function nextBlock(source: AsyncGenerator<Block>): Promise<Lane | null> {
  const next = await source.next();
  return next.done ? null : { source, block: next.value, row: 0 };
}

/** Merges what is at hand, up to where a recording needs its next block to go on. */
function stretchOf(lanes: (Lane | null)[], channelOf: number[]): Stretch {
  const times: number[] = [];
  const laneOf: number[] = [];
  const rowOf: number[] = [];
  const blocks = lanes.map((lane) => lane?.block);
  while (times.length < STRETCH_RECORDS) {
    const next = earliest(lanes);
    const lane = lanes[next]!;
    times.push(lane.block.timesMs[lane.row]!);
    laneOf.push(next);
    rowOf.push(lane.row++);
    if (lane.row === lane.block.count) break;
  }
  return {
    timesMs: Float64Array.from(times),
    parts(from, to) {
      const builders = new Map<number, BlockBuilder>();
      for (let i = from; i < to; i++) {
        const channel = channelOf[laneOf[i]!]!;
        let builder = builders.get(channel);
        if (!builder) builders.set(channel, (builder = new BlockBuilder(to - from)));
        const block = blocks[laneOf[i]!]!;
        const row = rowOf[i]!;
        const subject = block.names[block.subjects[row]!]!;
        builder.addBytes(block.timesMs[row]!, subject, block.data, block.starts[row]!, block.ends[row]!);
      }
      return [...builders].map(([channel, builder]) => ({ channel, block: builder.take() }));
    },
  };
}

function earliest(lanes: (Lane | null)[]): number {
  let best = -1;
  let bestMs = Infinity;
  for (let i = 0; i < lanes.length; i++) {
    const lane = lanes[i];
    if (!lane) continue;
    const timeMs = lane.block.timesMs[lane.row]!;
    if (best === -1 || timeMs < bestMs) [best, bestMs] = [i, timeMs];
  }
  return best;
}
