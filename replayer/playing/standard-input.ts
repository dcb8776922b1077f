import { once } from 'node:events';
import { TemporaryFolder } from '../reading/archives/temporary-folder.ts';
import { unpacked } from '../reading/source/unpacked.ts';

/** Writes all of standard input to a temporary file, so that it can be read again and anywhere. */
export async function standardInputAsFile(): Promise<{ path: string; folder: TemporaryFolder }> {
  const folder = await TemporaryFolder.create();
  try {
    return { path: await folder.write('stdin', process.stdin), folder };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** What standard input begins with, as it is and unpacked; it will still be read from its beginning. */
export async function standardInputHead(): Promise<{ raw: Buffer; unpacked: Buffer }> {
  const { stdin } = process;
  let raw = stdin.read() as Buffer | null;
  while (!raw && !stdin.readableEnded && !stdin.destroyed) {
    await Promise.race([once(stdin, 'readable'), once(stdin, 'end')]);
    raw = stdin.read() as Buffer | null;
  }
  if (!raw) return { raw: Buffer.alloc(0), unpacked: Buffer.alloc(0) };
  stdin.unshift(raw);
  const pieces: Buffer[] = [];
  try {
    for await (const piece of unpacked(single(raw), 'stdin')) {
      pieces.push(piece);
      break;
    }
  } catch {
    // This is only the beginning, which ends early.
  }
  return { raw, unpacked: Buffer.concat(pieces) };
}

async function* single(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}
