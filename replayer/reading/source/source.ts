import type { ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { refusal } from '../../../core/problems/errors.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { StreamKey } from '../../../core/redis/stream-entry.ts';
import type { Input } from '../../formats/support/format.ts';
import { decoded, fileInput, readBytes } from './input.ts';
import { unpacked } from './decompress.ts';

/** Where the rows of a recording come from: a file, a pipe or a Redis stream. */
export interface Source {
  /** Its name in messages; also names channel and subject where nothing else does. */
  name: string;
  /** Size on the disk; null where it is not known. */
  bytes: number | null;
  /** Whether it can be read only once (a pipe). */
  once: boolean;
  /** The format, where it is certain. */
  format?: string;
  /** The beginning, decompressed. */
  head(): Promise<Buffer>;
  /** How much of the source the latest input has read, 0..1; null where it is not known. */
  share(): number | null;
  /** The whole source, from the beginning. `wrap` may watch the bytes that pass. */
  input(wrap?: (bytes: AsyncGenerator<Buffer>) => AsyncGenerator<Buffer>): Input;
}

const HEAD_BYTES = 1 << 20;
/** How long to wait for more of a pipe's beginning before judging it by what has come. */
const HEAD_WAIT_MS = 1_000;
const STREAM = /^redis:(?!\/\/)(.+)$/s;

/** Whether a recording's name stands for a file, and not for standard input (`-`) or a Redis stream (`redis:<key>`). */
export function isFile(path: string): boolean {
  return path !== '-' && !STREAM.test(path);
}

/** Opens the source of a recording: a path, `-`, or `redis:<key>` where a Redis is given. @throws refusal when it does not exist or is empty */
export async function sourceOf(path: string, redis?: Redis): Promise<Source> {
  if (path === '-') return pipeSource('stdin', process.stdin);
  const key = STREAM.exec(path)?.[1];
  if (key !== undefined && redis) return streamSource(path, new StreamKey(redis, key));
  const info = await stat(path).catch(() => null);
  if (!info)
    throw refusal('recording_unknown', `There is no file ${basename(path)}.`, {
      hint: 'Check the path.',
    });
  if (!info.isFile())
    throw refusal('recording_unknown', `${basename(path)} is not a file.`, {
      hint: info.isDirectory()
        ? 'It is a folder. Name a file in it.'
        : 'Name a regular file, or - for standard input.',
    });
  if (info.size === 0) throw empty(basename(path));
  let reading: ReadStream | undefined;
  return {
    name: basename(path),
    bytes: info.size,
    once: false,
    head: () => beginning(readBytes(path)),
    share: () => (reading ? Math.min(1, reading.bytesRead / info.size) : null),
    input: (wrap = (bytes) => bytes) =>
      fileInput(path, () => wrap(readBytes(path, (stream) => (reading = stream)))),
  };
}

async function streamSource(name: string, stream: StreamKey): Promise<Source> {
  if (!(await stream.exists()))
    throw refusal('recording_unknown', `There is no stream ${stream.key} in this Redis.`, {
      hint: 'SCAN 0 TYPE stream lists the keys of streams.',
    });
  return {
    name,
    bytes: null,
    once: false,
    format: 'redis',
    head: () => Promise.resolve(Buffer.alloc(0)),
    share: () => null,
    input: () => ({ path: null, bytes: nothing, text: nothing, entries: () => stream.entries() }),
  };
}

/** The source of a pipe. It can be read once; its beginning, which `head` has read, comes again first. */
export function pipeSource(name: string, source: AsyncIterable<Buffer>): Source {
  const pieces = unpacked(source, name);
  const held: Buffer[] = [];
  let pending: Promise<IteratorResult<Buffer>> | null = null;
  let passed = false;
  async function* bytes(): AsyncGenerator<Buffer> {
    if (passed)
      throw refusal('recording_passed', `${name} can be read once only.`, {
        hint: 'Write it to a file first to loop it or to seek in it.',
      });
    passed = true;
    try {
      yield* held.splice(0);
      for (let next = await (pending ?? pieces.next()); !next.done; next = await pieces.next())
        yield next.value;
    } finally {
      await pieces.return(undefined);
    }
  }
  return {
    name,
    bytes: null,
    once: true,
    share: () => null,
    async head() {
      let length = 0;
      for (const deadlineMs = performance.now() + HEAD_WAIT_MS; length < HEAD_BYTES;) {
        pending ??= pieces.next();
        const waitMs = held.length === 0 ? Infinity : deadlineMs - performance.now();
        const next = await within(pending, waitMs);
        if (!next || next.done) break;
        pending = null;
        held.push(next.value);
        length += next.value.length;
      }
      if (held.length === 0) throw empty(name);
      return Buffer.concat(held);
    },
    input: (wrap = (source) => source) => ({
      path: null,
      bytes: () => wrap(bytes()),
      text: () => decoded(wrap(bytes())),
    }),
  };
}

/** The value of a promise; null when it takes longer than `waitMs`. */
function within<T>(promise: Promise<T>, waitMs: number): Promise<T | null> {
  if (waitMs === Infinity) return promise;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), Math.max(0, waitMs));
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function beginning(bytes: AsyncGenerator<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of bytes) {
    pieces.push(piece);
    length += piece.length;
    if (length >= HEAD_BYTES) break;
  }
  return Buffer.concat(pieces);
}

async function* nothing(): AsyncGenerator<never> {}

function empty(name: string): Error {
  return refusal('recording_empty', `${name} is empty.`, { hint: 'Record or choose another file.' });
}
