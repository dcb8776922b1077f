import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import { MAGIC } from '../mcap/format/records.ts';
import { extract, limited, roomFor, type Extracted } from '../reading/archives/extract.ts';
import { isTar, tarEntries } from '../reading/archives/tar.ts';
import { TemporaryFolder } from '../reading/archives/temporary-folder.ts';
import { isZip, zipEntries } from '../reading/archives/zip.ts';
import { formats } from '../reading/formats.ts';
import { packingOf, withoutPacking } from '../reading/packing/packings.ts';
import { beginning, readBytes } from '../reading/source/input.ts';

import { standardInputAsFile, standardInputHead } from './standard-input.ts';

const HEAD_BYTES = 512;

/** Where the recordings are that a name stands for. */
export interface Located {
  /** Paths of files, or the name itself. An archive has several. */
  paths: string[];
  /** The names of these in the archive; none where it is not one. */
  entries: string[];
  /** What was left out of an archive, as sentences. */
  notes: string[];
  /** Holds the unpacked files: keep it as long as they are read, then remove it. null where nothing was unpacked. */
  folder: TemporaryFolder | null;
}

/**
 * Finds the recordings that a name stands for: the file itself; the recordings in an archive (zip, or tar in any packing),
 * or one of them (`trips.zip/monday.csv`), unpacked; a packed file whose format needs a plain file, unpacked. Other names
 * (standard input, Redis streams, files that are not there) stay as they are.
 * `readsAgain`: the caller reads several times, so that standard input is written to a file first. An archive, or a format
 * that needs a file, is always.
 * `unpackedMaxBytes`: bound on the unpacked bytes.
 * @throws refusal for an archive that is damaged or holds no recording
 */
export async function located(
  path: string,
  { readsAgain = false, unpackedMaxBytes }: { readsAgain?: boolean; unpackedMaxBytes?: number } = {},
): Promise<Located> {
  if (path === '-') return fromStandardInput(readsAgain);
  const found = await archiveOf(path);
  const unchanged = { paths: [path], entries: [], notes: [], folder: null };
  if (!found) return unchanged;
  const { file, entry } = found;
  const kind = await kindOf(file);
  if (kind === 'other') {
    if (entry === undefined) return unchanged;
    throw refusal('recording_unknown', `${basename(file)} is not an archive that holds ${entry}.`, {
      hint: 'Check the path.',
    });
  }
  const folder = await TemporaryFolder.create();
  try {
    if (kind === 'packed')
      return { ...unchanged, paths: [await unpack(file, folder, unpackedMaxBytes)], folder };
    return await fromArchive({ file, entry, kind, unpackedMaxBytes }, folder);
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function fromStandardInput(readsAgain: boolean): Promise<Located> {
  if (!readsAgain) {
    const head = await standardInputHead();
    const isStream = !isZip(head.raw) && !isTar(head.unpacked) && !needsFile('', head.unpacked);
    if (isStream) return { paths: ['-'], entries: [], notes: [], folder: null };
  }
  const { path, folder } = await standardInputAsFile();
  try {
    const found = await located(path);
    if (!found.folder) return { ...found, folder };
    await folder.remove();
    return found;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** An archive, and the entry of it that is wanted. */
interface ArchiveOrder {
  file: string;
  entry: string | undefined;
  kind: 'zip' | 'tar';
  unpackedMaxBytes: number | undefined;
}

async function fromArchive(
  { file, entry, kind, unpackedMaxBytes }: ArchiveOrder,
  folder: TemporaryFolder,
): Promise<Located> {
  const archive = basename(file);
  const entries = () => (kind === 'zip' ? zipEntries(file, archive) : tarEntries(readBytes(file), archive));
  const endings = ['.mcap', ...formats.flatMap((format) => format.endings)];
  const { size } = await stat(file);
  const wanted = { archive, bytes: size, entry, unpackedMaxBytes, endings };
  const { files, skipped } = await extract(entries, folder, wanted);
  const paths: string[] = [];
  for (const { path } of files)
    paths.push((await kindOf(path)) === 'packed' ? await unpack(path, folder, unpackedMaxBytes) : path);
  return { paths, entries: files.map(({ name }) => name), notes: notesOn(archive, skipped), folder };
}

function notesOn(archive: string, skipped: Extracted['skipped']): string[] {
  if (skipped.length === 0) return [];
  const named = skipped.slice(0, 5).map(({ name, because }) => `${name} (${because})`);
  const more = skipped.length > 5 ? ` and ${skipped.length - 5} more` : '';
  return [
    `${skipped.length} of the files in ${archive} ${skipped.length === 1 ? 'is' : 'are'} left out: ${named.join(', ')}${more}.`,
  ];
}

async function unpack(file: string, folder: TemporaryFolder, maxBytes: number | undefined): Promise<string> {
  const { size } = await stat(file);
  const name = basename(file);
  const content = limited(readBytes(file), roomFor(size, maxBytes), { archive: name });
  return folder.write(withoutPacking(name), content);
}

/** A file, or the archive and the entry that a path names. null where there is no file. */
async function archiveOf(path: string): Promise<{ file: string; entry?: string } | null> {
  let entry: string | undefined;
  for (let file = path; ; file = dirname(file)) {
    const info = await stat(file).catch(() => null);
    if (info) return info.isFile() && info.size > 0 ? { file, ...(entry !== undefined && { entry }) } : null;
    if (dirname(file) === file || dirname(file) === '.') return null;
    entry = entry === undefined ? basename(file) : `${basename(file)}/${entry}`;
  }
}

/** Whether a file is an archive, or packed although its format needs a plain file. */
async function kindOf(file: string): Promise<'zip' | 'tar' | 'packed' | 'other'> {
  const head = await firstBytes(file);
  if (isZip(head)) return 'zip';
  if (isTar(head)) return 'tar';
  if (!packingOf(head)) return 'other';
  // What is wrong with a damaged file is said when its rows are read.
  const unpacked = await beginning(file, HEAD_BYTES).catch(() => Buffer.alloc(0));
  if (isTar(unpacked)) return 'tar';
  return needsFile(withoutPacking(basename(file)), unpacked) ? 'packed' : 'other';
}

/** Whether a file is packed; false where there is none. */
export async function isPacked(path: string): Promise<boolean> {
  return packingOf(await firstBytes(path).catch(() => Buffer.alloc(0))) !== undefined;
}

function needsFile(name: string, head: Buffer): boolean {
  if (head.subarray(0, MAGIC.length).equals(MAGIC)) return true;
  const text = head.toString('latin1');
  return formats.some(
    (format) =>
      format.isBinary &&
      (format.looksLike(text) || format.endings.some((ending) => name.toLowerCase().endsWith(ending))),
  );
}

async function firstBytes(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
