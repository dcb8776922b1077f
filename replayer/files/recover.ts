import { basename, resolve } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { MAGIC } from '../mcap/format/records.ts';
import type { Damage } from '../mcap/recovery/salvage.ts';
import { located } from '../playing/located.ts';
import { isMcap } from '../playing/playable.ts';
import { standardInputAsFile } from '../playing/standard-input.ts';
import { TemporaryFolder } from '../reading/archives/temporary-folder.ts';
import { beginning, readBytes } from '../reading/source/input.ts';
import { fileSizeOf } from '../reading/source/open-source.ts';
import { recoverMcap } from './recover-mcap.ts';
import type { RecoverReport } from './recover-report.ts';
import { recoverText } from './recover-text.ts';

/** A file to recover from, and what was lost on the way to it. */
interface PlainFile {
  path: string;
  damages: Damage[];
  folder: TemporaryFolder | null;
}

/** Standard input as a file, and packed MCAP unpacked as far as that goes. Text is unpacked as it is read. */
async function plainFile(input: string): Promise<PlainFile> {
  if (input === '-') {
    const { path, folder } = await standardInputAsFile();
    const plain = await plainFile(path);
    if (!plain.folder) return { ...plain, folder };
    await folder.remove();
    return plain;
  }
  const plain = { path: input, damages: [], folder: null };
  const head = await beginning(input, MAGIC.length).catch(() => Buffer.alloc(0));
  if ((await isMcap(input)) || !head.subarray(0, MAGIC.length).equals(MAGIC))
    return { ...plain, ...(await fromArchive(input)) };
  const folder = await TemporaryFolder.create();
  const damages: Damage[] = [];
  const path = await folder.write('unpacked.mcap', asFarAsItGoes(input, damages));
  return { path, damages, folder };
}

/** The only file of an archive, unpacked; a file that is not an archive as it is. */
async function fromArchive(input: string): Promise<Pick<PlainFile, 'path' | 'folder'>> {
  const { paths, folder } = await located(input);
  try {
    await fileSizeOf(paths[0]!);
    if (paths.length === 1) return { path: paths[0]!, folder };
    throw refusal('recording_several', `${basename(input)} holds ${paths.length} recordings.`, {
      hint: `Name one, for instance ${basename(input)}/${basename(paths[0]!)}.`,
    });
  } catch (error) {
    await folder?.remove();
    throw error;
  }
}

async function* asFarAsItGoes(input: string, damages: Damage[]): AsyncGenerator<Buffer> {
  let offset = 0;
  try {
    for await (const bytes of readBytes(input)) {
      offset += bytes.length;
      yield bytes;
    }
  } catch (error) {
    damages.push({ offset, bytes: 0, what: (error as Error).message.replace(/\.$/, ''), lossy: true });
  }
}

/**
 * Saves what is intact in a file that is cut off or damaged, also in an archive: every message of an MCAP file whose bytes are there, and every
 * whole line of a text file. @throws refusal when nothing is intact,
 * or the format has neither messages nor lines
 */
export async function recover(input: string, out: string): Promise<RecoverReport> {
  if (input !== '-' && resolve(input) === resolve(out))
    throw refusal('same_file', `${basename(out)} would be written over itself.`, {
      hint: 'Name another file.',
    });
  const plain = await plainFile(input);
  try {
    return await recoverFile(plain, out);
  } finally {
    await plain.folder?.remove();
  }
}

async function recoverFile({ path: input, damages: packed }: PlainFile, out: string): Promise<RecoverReport> {
  const found = (await isMcap(input)) ? await recoverMcap(input, out) : await recoverText(input, out);
  const report = { ...found, damages: [...packed, ...found.damages], lost: found.lost || packed.length > 0 };
  const { attachments = 0, damages } = report;
  if (report.recovered + attachments > 0) return report;
  // An intact MCAP file may hold no message.
  if (report.attachments !== undefined && damages.length === 0) return report;
  throw refusal('nothing_intact', `Nothing in ${basename(input)} is intact.`, {
    hint: damages.map(({ offset, what }) => `Byte ${offset}: ${what}.`)[0] ?? 'It is empty.',
  });
}
