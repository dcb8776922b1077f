import { refusal } from '../../../core/problems/errors.ts';
import { Decoding, type ByteOptions } from './decoding.ts';
import { emptyRecording } from './empty-recording.ts';
import { HEAD_BYTES } from './input.ts';
import type { Source } from './source.ts';
import { unpacked } from './unpacked.ts';

/** How long to wait for more of a pipe's beginning before judging it by what has come. */
const HEAD_WAIT_MS = 1_000;

/** The source of a pipe. It can be read once; its beginning, which `head` has read, comes again first. */
export function pipeSource(name: string, source: AsyncIterable<Buffer>, options: ByteOptions = {}): Source {
  const decoding = new Decoding(name, options);
  const pieces = unpacked(source, name, decoding.begin());
  const held: Buffer[] = [];
  let pending: Promise<IteratorResult<Buffer>> | null = null;
  let head: Promise<Buffer> | null = null;
  let passed = false;
  async function readHead(): Promise<Buffer> {
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
    if (held.length === 0) throw emptyRecording(name);
    const bytes = Buffer.concat(held);
    decoding.decide(bytes);
    return bytes;
  }
  async function* raw(): AsyncGenerator<Buffer> {
    yield* held.splice(0);
    for (let next = await (pending ?? pieces.next()); !next.done; next = await pieces.next())
      yield next.value;
  }
  async function* bytes(): AsyncGenerator<Buffer> {
    if (passed)
      throw refusal('recording_passed', `${name} can be read once only.`, {
        hint: 'Write it to a file first to loop it or to seek in it.',
      });
    await (head ??= readHead());
    passed = true;
    try {
      yield* decoding.bytes(raw());
    } finally {
      await pieces.return(undefined);
    }
  }
  return {
    name,
    bytes: null,
    once: true,
    share: () => null,
    head: async () => decoding.head(await (head ??= readHead())),
    async encoding() {
      return decoding.decide(await (head ??= readHead()));
    },
    notes: () => decoding.notes(),
    input: (wrap = (source) => source) => ({
      path: null,
      bytes: () => wrap(bytes()),
      async *text() {
        await (head ??= readHead());
        yield* decoding.text(wrap(bytes()));
      },
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
