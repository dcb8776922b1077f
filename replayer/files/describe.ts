import { basename } from 'node:path';
import { isoTime } from '../../core/wire/event.ts';
import type { RecordingDescription } from '../../schemas/types.ts';
import { guessesIn, inferredOf } from './inferred.ts';
import { BoundingBox } from './bounding-box.ts';
import { openEntries, type AnyRecording } from '../playing/playable.ts';
import { timelineOf } from '../playing/timeline.ts';
import { guessText } from '../reading/inference/guesses.ts';
import { readingNotes, skippedRows } from '../reading/reading-notes.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';
import { TextRecording } from '../reading/text-recording.ts';

const BUCKETS_MAX = 600;
/** Widths of buckets. Each is a multiple of the one before, so that widening only adds counts up. */
const BUCKET_SECONDS = [
  0.1, 1, 2, 10, 30, 60, 300, 900, 3_600, 7_200, 21_600, 86_400, 604_800, 2_419_200, 31_449_600,
];
const SUBJECTS_SHOWN = 100;
const REFUSALS_SHOWN = 20;

/**
 * Reads a whole recording and tells what is in it; the recordings in an archive are described as one, on one timeline.
 * Memory grows with the number of subjects, not of records.
 */
export async function describe(path: string, options: OpenOptions = {}): Promise<RecordingDescription> {
  const refusals = new Map<string, RefusedRecord>();
  const refuse: OpenOptions['refuse'] = (rows) => {
    // A recording that is read twice refuses each row twice.
    for (const row of rows) {
      const key = `${row.file}:${row.line}`;
      if (refusals.size < REFUSALS_SHOWN || refusals.has(key)) refusals.set(key, row);
    }
  };
  const notes = new Set<string>();
  const guesses: string[] = [];
  const { recordings, entries } = await openEntries(path, {
    ...options,
    refuse,
    noted: (note) => void notes.add(note),
    guessed: (file, found) => guesses.push(...found.map((guess) => `${file}: ${guessText(guess)}`)),
  });
  const isOne = recordings.length === 1;
  const { startMs, channels: names, from } = timelineOf(recordings);
  const histogram = new Histogram(startMs);
  const channels = names.map((channel) => ({ channel, records: 0, subjects: new Set<string>() }));
  const boundingBox = new BoundingBox();
  let [records, longestGapMs, previousMs, endMs] = [0, 0, startMs, startMs];
  for await (const { timesMs, byChannel } of from(-Infinity)) {
    for (const timeMs of timesMs) {
      records++;
      histogram.add(timeMs);
      longestGapMs = Math.max(longestGapMs, timeMs - previousMs);
      previousMs = timeMs;
      endMs = Math.max(endMs, timeMs);
    }
    for (const { channel: index, block } of byChannel(0, timesMs.length)) {
      const channel = channels[index]!;
      channel.records += block.count;
      for (const { timeMs, subject, data } of block.records()) {
        channel.subjects.add(subject);
        const { latitude, longitude } = coordinates(data);
        if (latitude !== null && longitude !== null) boundingBox.add(subject, timeMs, latitude, longitude);
      }
    }
  }
  const subjects = channels.length === 1 ? channels[0]!.subjects : unionOf(channels);
  const total = (countOf: (recording: AnyRecording) => number) =>
    recordings.reduce((sum, recording) => sum + countOf(recording), 0);
  const own = recordings.flatMap((recording) =>
    readingNotes(recording)
      .filter((note) => !notes.has(note))
      .map((note) => (isOne ? note : `${recording.file}: ${note}`)),
  );
  // Not those of files that were left out of an archive.
  const files = new Set(recordings.map(({ file }) => file));
  const shown = [...refusals.values()].filter(({ file }) => entries.length === 0 || files.has(file));
  const refused = total((recording) => recording.refused);
  const skipped = total(skippedRows);
  const filtered = total((recording) => recording.filtered);
  return {
    channel: names[0]!,
    channels: channels.map((each) => ({ ...each, subjects: each.subjects.size })),
    ...(!isOne && { recordings: entries.map((entry) => `${basename(path)}/${entry}`) }),
    // The recordings of an archive may be of several formats.
    format: [...new Set(recordings.map(({ format }) => format))].join(', '),
    start: isoTime(startMs),
    end: isoTime(endMs),
    records,
    read: records + refused + skipped + filtered,
    refused,
    refusals: shown.map(({ line, reason, file, timeMs }) => ({
      line,
      reason: isOne ? reason : `${file}: ${reason}`,
      ...(timeMs !== undefined && { time: isoTime(timeMs) }),
    })),
    skipped,
    filtered,
    absent: total((recording) => (recording instanceof TextRecording ? recording.absent : 0)),
    guesses: recordings.flatMap((recording) =>
      guessesIn(recording).map((guess) => (isOne ? guess : `${recording.file}: ${guess}`)),
    ),
    // The decisions of a single recording are in `inferred`.
    notes: [...notes, ...own, ...(isOne ? [] : guesses)],
    disordered: total(({ disorder }) => disorder.reordered),
    longestGapSeconds: longestGapMs / 1000,
    subjectCount: subjects.size,
    subjects: [...subjects].sort().slice(0, SUBJECTS_SHOWN),
    bbox: boundingBox.box,
    inferred: isOne ? inferredOf(recordings[0]!) : {},
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
