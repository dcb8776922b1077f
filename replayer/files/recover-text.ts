import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { refusal } from '../../core/problems/errors.ts';
import type { Damage } from '../mcap/recovery/salvage.ts';
import { packingNamed, withoutPacking } from '../reading/packing/packings.ts';
import { PackingError } from '../reading/packing/packing-error.ts';
import { formats } from '../reading/formats.ts';
import { beginning, readBytes } from '../reading/source/input.ts';
import { newUnpacking } from '../reading/source/unpacked.ts';
import type { RecoverReport } from './recover-report.ts';

const LINE_FEED = 10;
const UNCONFIRMED = 'rows from here on are saved as they are, but no checksum confirms them';

/**
 * Saves the whole lines of a text file that is cut off, compressed or not. Text after the last line end is kept only where
 * it is whole JSON: for any other text one can't tell whether it is whole.
 */
export async function recoverText(input: string, out: string): Promise<RecoverReport> {
  const kind = (path: string) => withoutPacking(basename(path.toLowerCase())).split('.').at(-1);
  if (
    (basename(input) !== 'stdin' && kind(input) !== kind(out)) ||
    !['.gz', undefined].includes(packingNamed(out)?.endings[0])
  )
    throw refusal('output_format', `${basename(out)} is not in the same format as ${basename(input)}.`, {
      hint: 'Recover writes text in the same format, plain or as .gz. Convert it afterwards.',
    });
  await refuseBinary(input);
  const damages: Damage[] = [];
  const part = `${out}.part`;
  const to = new PassThrough({ highWaterMark: 1 << 20 });
  const file = createWriteStream(part);
  const done = out.toLowerCase().endsWith('.gz') ? pipeline(to, createGzip(), file) : pipeline(to, file);
  let [rows, offset] = [0, 0];
  let rest: Buffer = Buffer.alloc(0);
  const write = async (bytes: Buffer) => {
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) rows++;
    if (!to.write(bytes)) await Promise.race([new Promise((resolve) => to.once('drain', resolve)), done]);
  };
  const state = newUnpacking();
  try {
    for await (const bytes of readBytes(input, { state })) {
      offset += bytes.length;
      const held = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
      const end = held.lastIndexOf(LINE_FEED) + 1;
      rest = Buffer.from(held.subarray(end));
      if (end > 0) await write(held.subarray(0, end));
    }
  } catch (error) {
    damages.push({ offset, bytes: 0, what: (error as Error).message.replace(/\.$/, ''), lossy: true });
    const { cause } = error as Error;
    if (cause instanceof PackingError && cause.problem === 'checksum')
      damages.push({ offset: state.verified, bytes: 0, what: UNCONFIRMED, lossy: true });
  }
  if (isJson(rest) && damages.length === 0) await write(Buffer.concat([rest, Buffer.from('\n')]));
  else if (rest.length > 0)
    damages.push({
      offset: offset - rest.length,
      bytes: rest.length,
      what: 'the last row has no line end',
      lossy: true,
    });
  to.end();
  await done;
  await rename(part, out);
  return { out, recovered: rows, damages, lost: damages.length > 0 };
}

/** @throws refusal for a format of bytes: it has no lines, and a part of it can't be read */
async function refuseBinary(input: string): Promise<void> {
  const head = (await beginning(input).catch(() => Buffer.alloc(0))).toString('latin1');
  const name = withoutPacking(input.toLowerCase());
  const format = formats.find(
    ({ isBinary, endings, looksLike }) =>
      isBinary && (looksLike(head) || endings.some((ending) => name.endsWith(ending))),
  );
  if (format)
    throw refusal(
      'nothing_intact',
      `${basename(input)} can't be saved in part: ${format.name} has no lines.`,
      {
        hint: 'reprise doctor FILE tells whether it is intact.',
      },
    );
}

function isJson(bytes: Buffer): boolean {
  if (bytes.length === 0) return false;
  try {
    return typeof JSON.parse(bytes.toString()) === 'object';
  } catch {
    return false;
  }
}
