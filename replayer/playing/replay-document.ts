import { sentence } from '../../core/problems/errors.ts';
import { isoTime } from '../../core/wire/event.ts';
import type { Replay as ReplayDocument, ReplayRequest } from '../../schemas/types.ts';
import { guessesOf, guessText } from '../reading/inference/guesses.ts';
import { readingNotes, skippedRows } from '../reading/reading-notes.ts';
import { TextRecording } from '../reading/text-recording.ts';
import type { AnyRecording } from './playable.ts';
import type { Player } from './player.ts';
import type { RateMeter } from './rate-meter.ts';
import type { PlayedRange } from './replay-request.ts';

/** The replay as REST shows it. */
export function documentOf(replay: {
  id: string;
  instance: string;
  created: string;
  request: ReplayRequest;
  channels: string[];
  recordings: AnyRecording[];
  notes: ReadonlySet<string>;
  player: Player;
  rateMeter: RateMeter;
  ab: PlayedRange | null;
  lag: ReplayDocument['lag'];
  waiting: string | null;
}): ReplayDocument {
  const { request, recordings, player, rateMeter, ab } = replay;
  const total = (countOf: (recording: AnyRecording) => number) =>
    recordings.reduce((sum, recording) => sum + countOf(recording), 0);
  return {
    id: replay.id,
    recordings: request.recordings.map((recording) =>
      typeof recording === 'string' ? recording : recording.id,
    ),
    channels: replay.channels,
    guesses: recordings.flatMap(guessesIn),
    notes: notesOf(recordings, replay.notes),
    state: player.state,
    error: player.failure && sentence(player.failure),
    rate: player.clock.rate,
    achievedRate: rateMeter.achievedRate,
    eventsPerSecond: rateMeter.eventsPerSecond,
    position: isoTime(Math.round(player.positionMs())),
    start: isoTime(player.startMs),
    end: player.endMs === null ? null : isoTime(player.endMs),
    loop: player.loop,
    loopsDone: player.loopsDone,
    ab: ab && [isoTime(ab.startMs), isoTime(ab.endMs)],
    late: player.late,
    lockstep: request.lockstep ?? false,
    waiting: replay.waiting,
    epoch: player.epoch,
    instance: replay.instance,
    created: replay.created,
    latenessMs: latenessMs(player),
    behindMs: Math.round(player.lateness.behindMs),
    slippedMs: Math.round(player.slippedMs),
    lag: replay.lag,
    counts: {
      ...player.counts,
      refused: total((recording) => recording.refused),
      reordered: total((recording) => recording.disorder.reordered),
      late: total((recording) => recording.disorder.late),
      skipped: total(skippedRows),
      absent: total((recording) => (recording instanceof TextRecording ? recording.absent : 0)),
      filtered: total((recording) => recording.filtered),
      outliers: total((recording) => recording.disorder.outliers),
    },
  };
}

/** A note on bytes names its file; one that is told at opening and after a reading is shown once. */
function notesOf(recordings: AnyRecording[], opening: ReadonlySet<string>): string[] {
  const own = recordings.flatMap((recording) =>
    readingNotes(recording)
      .filter((note) => !opening.has(note))
      .map((note) => `${recording.file}: ${note}`),
  );
  return [...opening, ...own];
}

function guessesIn(recording: AnyRecording): string[] {
  if (!(recording instanceof TextRecording)) return [];
  return guessesOf(recording.interpretation).map((guess) => `${recording.file}: ${guessText(guess)}`);
}

function latenessMs({ lateness: { all } }: Player): ReplayDocument['latenessMs'] {
  if (all.count === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: all.percentile(50) / 1000, p99: all.percentile(99) / 1000, max: all.max / 1000 };
}
