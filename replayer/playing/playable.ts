import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { McapRecording } from '../mcap/reading/mcap-recording.ts';
import type { ChannelBlock } from '../mcap/format/channel-rows.ts';
import { MAGIC } from '../mcap/format/records.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { TemporaryFolder } from '../reading/archives/temporary-folder.ts';
import { TextRecording, type RecordingRows } from '../reading/text-recording.ts';
import { isFile } from '../reading/source/open-source.ts';
import { unfollowed } from '../reading/source/followable.ts';
import { isPacked, located } from './located.ts';
import { playableEntries } from './playable-entries.ts';

/** A recording in any format. */
export type AnyRecording = TextRecording | McapRecording;

/** Records of a recording of any format, in time order. */
export interface PlayableRows extends RecordingRows {
  /** Call it when these rows, and those before them, are no longer needed: their memory is used again. */
  done?: () => void;
}

/** What a timeline asks of a recording. */
export interface Playable {
  /** Each once. */
  channels: readonly string[];
  startMs: number;
  /** null where only a full reading would tell. */
  endMs: number | null;
  rows(fromMs: number): AsyncGenerator<PlayableRows>;
  latestBefore(timeMs: number): Promise<ChannelBlock[]>;
  timeBefore(timeMs: number): Promise<number | null>;
}

/** Opens a recording of any format. @throws refusal saying what is wrong with it or which option is missing */
export async function openRecording(path: string, options: OpenOptions = {}): Promise<AnyRecording> {
  const { recordings, entries } = await openEntries(path, options);
  if (recordings.length === 1) return recordings[0]!;
  throw refusal('recording_several', `${basename(path)} holds ${recordings.length} recordings.`, {
    hint: `Name one, for instance ${basename(path)}/${entries[0]}.`,
  });
}

/** Opens all recordings that a name stands for: several for an archive. @throws refusal as `openRecording` */
export async function openAll(path: string, options: OpenOptions = {}): Promise<AnyRecording[]> {
  return (await openEntries(path, options)).recordings;
}

/** Holds the unpacked files of a recording as long as it is in use. */
const unpackedFiles = new WeakMap<AnyRecording, TemporaryFolder>();

/**
 * Opens all recordings that a name stands for, with their names in the archive; no names where it is not one.
 * @throws refusal as `openRecording`
 */
export async function openEntries(
  path: string,
  options: OpenOptions = {},
): Promise<{ recordings: AnyRecording[]; entries: string[] }> {
  if (options.follow) await refuseUnfollowed(path);
  const { unpackedMaxBytes } = options;
  const found = await located(path, { ...(unpackedMaxBytes !== undefined && { unpackedMaxBytes }) });
  const { folder } = found;
  try {
    if (options.follow && folder) throw unfollowed(basename(path), 'it is in an archive');
    const { results, entries, notes } = await playableEntries(path, found, (each) => openOne(each, options));
    for (const note of notes) options.noted?.(note);
    if (folder) for (const recording of results) unpackedFiles.set(recording, folder);
    return { recordings: results, entries };
  } catch (error) {
    await folder?.remove();
    throw error;
  }
}

/** @throws refusal `follow_impossible` for what is not a file, packed, or not text */
async function refuseUnfollowed(path: string): Promise<void> {
  if (!isFile(path)) throw unfollowed(path === '-' ? 'stdin' : path, 'it is not a file');
  if (await isMcap(path)) throw unfollowed(basename(path), 'it is MCAP, which is not a format of lines');
  if (await isPacked(path)) throw unfollowed(basename(path), 'it is packed');
}

async function openOne(path: string, options: OpenOptions): Promise<AnyRecording> {
  return (await isMcap(path)) ? McapRecording.open(path, options) : TextRecording.open(path, options);
}

/** Whether a file is MCAP, by its name or its first bytes. */
export async function isMcap(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => null);
  if (!info?.isFile()) return false;
  if (path.toLowerCase().endsWith('.mcap')) return true;
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    return bytesRead === MAGIC.length && buffer.equals(MAGIC);
  } finally {
    await handle.close();
  }
}

/** A recording of any format, as a timeline reads it. */
export function playable(recording: AnyRecording): Playable {
  const { startMs, endMs } = recording;
  const timeBefore = (timeMs: number) => recording.timeBefore(timeMs);
  if (recording instanceof McapRecording) {
    const { channels } = recording;
    const rows =
      channels.length === 1
        ? (fromMs: number) => onlyChannel(recording.rows(fromMs))
        : recording.rows.bind(recording);
    return {
      channels,
      startMs,
      endMs,
      rows,
      timeBefore,
      latestBefore: (timeMs) => recording.latestBefore(timeMs),
    };
  }
  return {
    channels: recording.channels,
    startMs,
    endMs,
    rows: (fromMs) => recording.rows(fromMs),
    timeBefore,
    async latestBefore(timeMs) {
      const rows = await recording.latestBefore(timeMs);
      return rows ? byChannel(rows, 0, rows.block.count) : [];
    },
  };
}

async function* onlyChannel(all: AsyncGenerator<PlayableRows>): AsyncGenerator<PlayableRows> {
  for await (const rows of all) yield { ...rows, channels: null };
}

/** The rows from `from` to before `to`, by channel; in order within each. */
export function byChannel({ block, channels }: PlayableRows, from: number, to: number): ChannelBlock[] {
  if (!channels) return [{ channel: 0, block: block.slice(from, to) }];
  const rowsOf = new Map<number, number[]>();
  for (let row = from; row < to; row++) {
    const rows = rowsOf.get(channels[row]!);
    if (rows) rows.push(row);
    else rowsOf.set(channels[row]!, [row]);
  }
  return [...rowsOf].map(([channel, rows]) => ({
    channel,
    block: rows.length === to - from ? block.slice(from, to) : block.pick(rows),
  }));
}
