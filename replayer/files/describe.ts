import { isoTime } from '../../core/wire/event.ts';
import type { RecordingDescription } from '../../schemas/types.ts';
import { inferredOf } from './inferred.ts';
import { BoundingBox } from './bounding-box.ts';
import { openRecording, playable } from '../playing/playable.ts';
import { readingNotes, skippedRows } from '../reading/reading-notes.ts';
import type { OpenOptions } from '../reading/open-options.ts';

const BUCKETS_MAX = 600;
/** Widths of buckets. Each is a multiple of the one before, so that widening only adds counts up. */
const BUCKET_SECONDS = [
  0.1, 1, 2, 10, 30, 60, 300, 900, 3_600, 7_200, 21_600, 86_400, 604_800, 2_419_200, 31_449_600,
];
const SUBJECTS_SHOWN = 100;
const REFUSALS_SHOWN = 20;

/** Reads a whole recording and tells what is in it. Memory grows with the number of subjects, not of records. */
export async function describe(path: string, options: OpenOptions = {}): Promise<RecordingDescription> {
  const refusals = new Map<number, string>();
  const refuse: OpenOptions['refuse'] = (rows) => {
    // A recording that is read twice refuses each row twice.
    for (const { line, reason } of rows)
      if (refusals.size < REFUSALS_SHOWN || refusals.has(line)) refusals.set(line, reason);
  };
  const notes = new Set<string>();
  const noted = (note: string) => void notes.add(note);
  const recording = await openRecording(path, { ...options, refuse, noted });
  const histogram = new Histogram(recording.startMs);
  const { channels: names, rows } = playable(recording);
  const channels = names.map((channel) => ({ channel, records: 0, subjects: new Set<string>() }));
  const boundingBox = new BoundingBox();
  let [records, longestGapMs, previousMs, endMs] = [0, 0, recording.startMs, recording.startMs];
  for await (const { block, channels: indexes } of rows(-Infinity)) {
    let row = 0;
    for (const { timeMs, subject, data } of block.records()) {
      const channel = channels[indexes?.[row++] ?? 0]!;
      records++;
      channel.records++;
      histogram.add(timeMs);
      channel.subjects.add(subject);
      longestGapMs = Math.max(longestGapMs, timeMs - previousMs);
      previousMs = timeMs;
      endMs = Math.max(endMs, timeMs);
      const { latitude, longitude } = coordinates(data);
      if (latitude !== null && longitude !== null) boundingBox.add(subject, timeMs, latitude, longitude);
    }
  }
  const subjects = channels.length === 1 ? channels[0]!.subjects : unionOf(channels);
  return {
    channel: names[0]!,
    channels: channels.map((each) => ({ ...each, subjects: each.subjects.size })),
    start: isoTime(recording.startMs),
    end: isoTime(endMs),
    records,
    refused: recording.refused,
    refusals: Array.from(refusals, ([line, reason]) => ({ line, reason })),
    skipped: skippedRows(recording),
    notes: [...new Set([...notes, ...readingNotes(recording)])],
    disordered: recording.disorder.reordered,
    longestGapSeconds: longestGapMs / 1000,
    subjectCount: subjects.size,
    subjects: [...subjects].sort().slice(0, SUBJECTS_SHOWN),
    bbox: boundingBox.box,
    inferred: inferredOf(recording),
    histogram: histogram.result(),
  };
}

function unionOf(channels: { subjects: Set<string> }[]): Set<string> {
  const all = new Set<string>();
  for (const { subjects } of channels) for (const subject of subjects) all.add(subject);
  return all;
}

/** The coordinates in a datum's JSON text. Parsing every datum would take longer than all the rest. */
function coordinates(data: string): { latitude: number | null; longitude: number | null } {
  return { latitude: numberIn(data, '"latitude":'), longitude: numberIn(data, '"longitude":') };
}

function numberIn(data: string, member: string): number | null {
  const at = data.indexOf(member);
  if (at === -1) return null;
  const value = Number.parseFloat(data.slice(at + member.length, at + member.length + 32));
  return Number.isNaN(value) ? null : value;
}

/** Counts records in buckets of equal width. The buckets widen as the recording grows, so that there are at most 600. */
class Histogram {
  readonly #startMs: number;
  #width = 0;
  #counts: number[] = [];

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  add(timeMs: number): void {
    let bucket = Math.floor((timeMs - this.#startMs) / (BUCKET_SECONDS[this.#width]! * 1000));
    while (bucket >= BUCKETS_MAX && this.#width < BUCKET_SECONDS.length - 1) {
      this.#widen();
      bucket = Math.floor((timeMs - this.#startMs) / (BUCKET_SECONDS[this.#width]! * 1000));
    }
    bucket = Math.max(0, bucket);
    while (this.#counts.length <= bucket) this.#counts.push(0);
    this.#counts[bucket]!++;
  }

  result(): { bucketSeconds: number; counts: number[] } {
    return { bucketSeconds: BUCKET_SECONDS[this.#width]!, counts: this.#counts };
  }

  #widen(): void {
    const [from, to] = [BUCKET_SECONDS[this.#width]!, BUCKET_SECONDS[++this.#width]!];
    const wider: number[] = [];
    this.#counts.forEach((count, i) => {
      const bucket = Math.floor((i * from) / to);
      wider[bucket] = (wider[bucket] ?? 0) + count;
    });
    this.#counts = Array.from(wider, (count) => count ?? 0);
  }
}
