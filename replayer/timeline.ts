import type { Record } from '../core/event.ts';
import type { Recording } from './recording.ts';

/** Records of all recordings in time order, each with the index of its channel. */
export interface Stretch {
  records: Record[];
  /** lanes[i] is the channel of records[i], an index into the timeline's channels; null when all are of channel 0. */
  lanes: number[] | null;
}

const STRETCH_RECORDS = 1_000;

/** What a player plays: recordings merged into one order of time. */
export interface Timeline {
  startMs: number;
  /** null where only a full reading would tell. */
  endMs: number | null;
  /** Each once. */
  channels: string[];
  from(timeMs: number): AsyncIterable<Stretch>;
}

/** Several recordings on one timeline; equal times keep the order of the recordings, and of the rows within one. */
export function timelineOf(recordings: Recording[]): Timeline {
  const channels = [...new Set(recordings.map((recording) => recording.channel))];
  const laneOf = recordings.map((recording) => channels.indexOf(recording.channel));
  const ends = recordings.map((recording) => recording.endMs);
  return {
    startMs: Math.min(...recordings.map((recording) => recording.startMs)),
    endMs: ends.includes(null) ? null : Math.max(...(ends as number[])),
    channels,
    from: (timeMs) =>
      recordings.length === 1 ? single(recordings[0]!, timeMs) : merged(recordings, laneOf, timeMs),
  };
}

async function* single(recording: Recording, fromMs: number): AsyncGenerator<Stretch> {
  for await (const records of recording.records(fromMs)) yield { records, lanes: null };
}

interface Lane {
  source: AsyncGenerator<Record[]>;
  chunk: Record[];
  at: number;
}

async function* merged(recordings: Recording[], laneOf: number[], fromMs: number): AsyncGenerator<Stretch> {
  const open: (Lane | null)[] = recordings.map((recording) => ({
    source: recording.records(fromMs),
    chunk: [],
    at: 0,
  }));
  try {
    for (let lane = 0; lane < open.length; lane++) await refill(open, lane);
    let stretch: Stretch & { lanes: number[] } = { records: [], lanes: [] };
    for (let next; (next = earliest(open)) !== -1;) {
      const lane = open[next]!;
      stretch.records.push(lane.chunk[lane.at++]!);
      stretch.lanes.push(laneOf[next]!);
      if (stretch.records.length === STRETCH_RECORDS) {
        yield stretch;
        stretch = { records: [], lanes: [] };
      }
      if (lane.at === lane.chunk.length) await refill(open, next);
    }
    if (stretch.records.length > 0) yield stretch;
  } finally {
    for (const lane of open) await lane?.source.return(undefined);
  }
}

async function refill(open: (Lane | null)[], index: number): Promise<void> {
  const lane = open[index]!;
  const next = await lane.source.next();
  if (next.done) open[index] = null;
  else [lane.chunk, lane.at] = [next.value, 0];
}

function earliest(open: (Lane | null)[]): number {
  let best = -1;
  let bestMs = Infinity;
  for (let i = 0; i < open.length; i++) {
    const lane = open[i];
    if (!lane) continue;
    const { timeMs } = lane.chunk[lane.at]!;
    if (best === -1 || timeMs < bestMs) [best, bestMs] = [i, timeMs];
  }
  return best;
}
