import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { refusal } from '../../../core/problems/errors.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { StreamKey } from '../../../core/redis/stream-entry.ts';
import type { ByteOptions } from './decoding.ts';
import { FollowedFile, type FollowOptions } from './follow.ts';
import { fileSource } from './file-source.ts';
import { emptyRecording } from './empty-recording.ts';
import { pipeSource } from './pipe-source.ts';
import type { Source } from './source.ts';
import { streamSource } from './stream-source.ts';

const STREAM = /^redis:(?!\/\/)(.+)$/s;

/** Whether a recording's name stands for a file, and not for standard input (`-`) or a Redis stream (`redis:<key>`). */
export function isFile(path: string): boolean {
  return path !== '-' && !STREAM.test(path);
}

/** What the source of a recording is opened with. */
interface SourceOptions extends ByteOptions {
  redis?: Redis;
  follow?: FollowOptions;
}

/**
 * Opens the source of a recording: a path, `-`, or `redis:<key>` where a Redis is given.
 * @throws refusal when it does not exist, is empty, or can't be followed
 */
export async function sourceOf(path: string, options: SourceOptions = {}): Promise<Source> {
  if (options.follow) return followedSource(path, options.follow, options);
  if (path === '-') return pipeSource('stdin', process.stdin, options);
  const key = STREAM.exec(path)?.[1];
  if (key !== undefined && options.redis) return streamSource(path, new StreamKey(options.redis, key));
  const size = await fileSizeOf(path);
  if (size === 0) throw emptyRecording(basename(path));
  return fileSource(path, size, options);
}

/** A file that may be empty still: its first line is waited for. */
async function followedSource(path: string, follow: FollowOptions, options: ByteOptions): Promise<Source> {
  await fileSizeOf(path);
  const file = new FollowedFile(path, follow);
  return { ...pipeSource(file.name, file.lines(), options), quiet: () => file.quiet() };
}

/** The size of a file on the disk, bytes. @throws refusal `recording_unknown` where there is no regular file */
export async function fileSizeOf(path: string): Promise<number> {
  const info = await stat(path).catch(() => null);
  if (!info)
    throw refusal('recording_unknown', `There is no file ${basename(path)}.`, {
      hint: 'Check the path.',
    });
  if (info.isFile()) return info.size;
  throw refusal('recording_unknown', `${basename(path)} is not a file.`, {
    hint: info.isDirectory()
      ? 'It is a folder. Name a file in it.'
      : 'Name a regular file, or - for standard input.',
  });
}
