import { addDeadLetters } from '../../core/redis/dead-letters.ts';
import { isoTime } from '../../core/wire/event.ts';
import { limits } from '../../core/wire/limits.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { durationMs } from '../../core/time/duration.ts';
import type { Config } from '../../schemas/types.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';
import { openAll, type AnyRecording } from './playable.ts';

/** A recording to play: where the file is, what REST calls it, and how to read it. */
export interface ReplaySource extends OpenOptions {
  id: string;
  path: string;
  /** How far to shift it on the timeline, for instance 10s. */
  offset?: string;
}

/** The recordings of a replay, and what to know of their bytes and archives; later readings may add more. */
export interface OpenedRecordings {
  recordings: AnyRecording[];
  /** Sentences, each once. */
  notes: ReadonlySet<string>;
}

/**
 * Opens the recordings of a replay. Rows that can't be played become dead letters; those of the first look at the files
 * are written when this settles. @throws refusal saying what is wrong with a file or its options
 */
export async function openRecordings(
  sources: ReplaySource[],
  { redis, replay, channels }: { redis: Redis; replay: string; channels: Config['channels'] },
): Promise<OpenedRecordings> {
  const writing = new Set<Promise<void>>();
  // A recording that is too large for the memory is read anew by every pass.
  const told = new Set<string>();
  const isNew = ({ file, line, reason }: RefusedRecord) => {
    const key = `${file}:${line}:${reason}`;
    if (told.has(key)) return false;
    if (told.size < limits.DEAD_LETTERS_MAX) told.add(key);
    return true;
  };
  const refuse = (refused: RefusedRecord[]) => {
    const letters = refused.filter(isNew).map(({ file, timeMs, ...rest }) => ({
      source: file,
      ...rest,
      replay,
      ...(timeMs !== undefined && { time: isoTime(timeMs) }),
    }));
    if (letters.length === 0) return;
    const written = addDeadLetters(redis, letters).catch(() => {});
    writing.add(written);
    void written.finally(() => writing.delete(written));
  };
  const recordings: AnyRecording[] = [];
  const notes = new Set<string>();
  const noted = (note: string) => void notes.add(note);
  for (const source of sources) {
    const { offset } = source;
    const offsetMs = offset === undefined ? 0 : durationMs(offset, 'offset', { mayBeNegative: true });
    recordings.push(...(await openAll(source.path, { ...source, offsetMs, channels, refuse, noted })));
  }
  await Promise.all(writing);
  return { recordings, notes };
}
