import { Block, BlockBuilder } from '../../core/wire/block.ts';
import type { TimedRecord } from '../../core/wire/event.ts';
import type { ChannelBlock } from '../mcap/format/channel-rows.ts';
import { TextRecording } from '../reading/text-recording.ts';
import { byChannel, playable, type AnyRecording, type Playable, type PlayableRows } from './playable.ts';

/** Records of all recordings, in time order. */
export interface RecordBatch {
  timesMs: Float64Array;
  /** The records from `from` to before `to`, by channel; in order within each. */
  byChannel(from: number, to: number): ChannelBlock[];
  /** Call it when these records, and those before them, are no longer needed: their memory is used again. */
  done?: () => void;
}

const BATCH_RECORDS = 4_096;

/** What a player plays: recordings merged into one order of time. */
export interface Timeline {
  startMs: number;
  /** null where only a full reading would tell. */
  endMs: number | null;
  /** Each once. */
  channels: string[];
  /** Set where its next records may be long in coming: it is read from a pipe, or followed as it grows. */
  waits?: boolean;
  /** For a file that is followed: resolves while all that it holds has been read. */
  quiet?: () => Promise<void>;
  from(timeMs: number): AsyncIterable<RecordBatch>;
  /** The latest record of each subject of each channel before a time. */
  latestBefore(timeMs: number): Promise<ChannelBlock[]>;
  /** The time of the last record before a time; null where there is none. */
  timeBefore(timeMs: number): Promise<number | null>;
}

/** Several recordings on one timeline; equal times keep the order of the recordings, and of the rows within one. */
export function timelineOf(given: AnyRecording[]): Timeline {
  const recordings = given.map(playable);
  const texts = given.filter((recording) => recording instanceof TextRecording);
  const channels = [...new Set(recordings.flatMap((recording) => recording.channels))];
  const channelsOf = recordings.map((recording) => recording.channels.map((name) => channels.indexOf(name)));
  const ends = recordings.map((recording) => recording.endMs);
  return {
    startMs: Math.min(...recordings.map((recording) => recording.startMs)),
    endMs: ends.includes(null) ? null : Math.max(...(ends as number[])),
    channels,
    waits: texts.some(({ once }) => once),
    quiet: texts.find(({ quiet }) => quiet)?.quiet,
    from: (timeMs) =>
      recordings.length === 1 ? single(recordings[0]!, timeMs) : merged(recordings, channelsOf, timeMs),
    latestBefore: (timeMs) => latestOf(recordings, channelsOf, timeMs),
    async timeBefore(timeMs) {
      const times = await Promise.all(recordings.map((recording) => recording.timeBefore(timeMs)));
      return times.reduce(
        (last, time) => (last === null || (time !== null && time > last) ? time : last),
        null,
      );
    },
  };
}

/** The latest record of each subject, over all recordings of its channel. */
async function latestOf(
  recordings: Playable[],
  channelsOf: number[][],
  timeMs: number,
): Promise<ChannelBlock[]> {
  const byChannel = new Map<number, Map<string, TimedRecord>>();
  for (const [i, recording] of recordings.entries()) {
    for (const { channel: number, block } of await recording.latestBefore(timeMs)) {
      const channel = channelsOf[i]![number]!;
      const latest = byChannel.get(channel) ?? new Map<string, TimedRecord>();
      byChannel.set(channel, latest);
      for (const record of block.records()) {
        if (!(record.timeMs < (latest.get(record.subject)?.timeMs ?? -Infinity)))
          latest.set(record.subject, record);
      }
    }
  }
  return [...byChannel].map(([channel, latest]) => ({
    channel,
    block: Block.of([...latest.values()].sort((a, b) => a.timeMs - b.timeMs)),
  }));
}

async function* single(recording: Playable, fromMs: number): AsyncGenerator<RecordBatch> {
  for await (const rows of recording.rows(fromMs)) {
    const { timesMs } = rows.block;
    yield { timesMs, byChannel: (from, to) => byChannel(rows, from, to), done: rows.done };
  }
}

/** How far one recording is in the merge. */
interface Lane extends PlayableRows {
  source: AsyncGenerator<PlayableRows>;
  row: number;
}

async function* merged(
  recordings: Playable[],
  channelsOf: number[][],
  fromMs: number,
): AsyncGenerator<RecordBatch> {
  const sources = recordings.map((recording) => recording.rows(fromMs));
  const lanes: (Lane | null)[] = [];
  try {
    for (const [i, source] of sources.entries()) lanes[i] = await nextRows(source);
    while (lanes.some(Boolean)) {
      yield mergeBatch(lanes, channelsOf);
      for (const [i, lane] of lanes.entries()) {
        if (!lane || lane.row < lane.block.count) continue;
        lane.done?.(); // What was yielded is a copy.
        lanes[i] = await nextRows(lane.source);
      }
    }
  } finally {
    for (const lane of lanes) lane?.done?.();
    for (const source of sources) await source.return(undefined);
  }
}

async function nextRows(source: AsyncGenerator<PlayableRows>): Promise<Lane | null> {
  const next = await source.next();
  return next.done ? null : { ...next.value, source, row: 0 };
}

/** Merges what is at hand, up to where a recording needs its next block to go on. */
function mergeBatch(lanes: (Lane | null)[], channelsOf: number[][]): RecordBatch {
  const times: number[] = [];
  const laneOf: number[] = [];
  const rowOf: number[] = [];
  const rows = lanes.map((lane) => lane && { block: lane.block, channels: lane.channels });
  while (times.length < BATCH_RECORDS) {
    const next = earliest(lanes);
    const lane = lanes[next]!;
    times.push(lane.block.timesMs[lane.row]!);
    laneOf.push(next);
    rowOf.push(lane.row++);
    if (lane.row === lane.block.count) break;
  }
  return {
    timesMs: Float64Array.from(times),
    byChannel(from, to) {
      const builders = new Map<number, BlockBuilder>();
      for (let i = from; i < to; i++) {
        const [lane, row] = [laneOf[i]!, rowOf[i]!];
        const { block, channels } = rows[lane]!;
        const channel = channelsOf[lane]![channels?.[row] ?? 0]!;
        let builder = builders.get(channel);
        if (!builder) builders.set(channel, (builder = new BlockBuilder(to - from)));
        builder.addFrom(block, row);
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
