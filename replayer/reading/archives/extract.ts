import { refusal } from '../../../core/problems/errors.ts';
import { tooMuchUnpacked } from '../source/unpacked.ts';
import { packings, withoutPacking } from '../packing/packings.ts';
import type { FoundEntry } from './found-entry.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

/** This much is unpacked whatever the size of the archive; beyond it, at most RATIO_MAX times that size. */
const FREE_BYTES = 1_000_000_000;
const RATIO_MAX = 250;
const FILES_MAX = 20_000;
/** Names that archives contain besides recordings. */
const BESIDE =
  /(^|\/)(__MACOSX\/|\.|(readme|license|licence|copying|notice|changelog|authors)(\.(md|markdown|rst|txt|html?|pdf))?$|thumbs\.db$|desktop\.ini$)/i;
const NESTED = /\.(zip|tar|tgz|tbz2?|txz|tzst|7z|rar|jar|kmz)$/i;
const LEADS_OUT = /(^|\/)\.\.(\/|$)|^\/|^[A-Za-z]:|[\0\\]/;

/** What was taken out of an archive. */
export interface Extracted {
  files: { path: string; name: string }[];
  /** What was left out, with the reason. */
  skipped: { name: string; because: string }[];
}

/** What to take out of an archive. */
interface Wanted {
  /** Name of the archive in messages. */
  archive: string;
  /** Its size, packed. */
  bytes: number;
  /** The one entry that is wanted; undefined for all recordings. */
  entry?: string | undefined;
  /** Bound on the unpacked bytes, besides that which the size of the archive sets. */
  unpackedMaxBytes?: number | undefined;
  /** Endings of recordings without packing, lower case. */
  endings: readonly string[];
}

/**
 * Writes the recordings of an archive to a folder. Their names tell them; where no name does, an archive of one file gives
 * that. @throws refusal where there is none, or where they would take too much room
 */
export async function extract(
  entries: () => AsyncIterable<FoundEntry>,
  folder: TemporaryFolder,
  wanted: Wanted,
): Promise<Extracted> {
  const names: string[] = [];
  const skipped: Extracted['skipped'] = [];
  for await (const { name } of entries()) {
    const because = reasonToSkip(name, name === wanted.entry);
    if (because === undefined) names.push(name);
    else skipped.push({ name, because });
  }
  const named = names.filter((name) =>
    wanted.endings.some((ending) => withoutPacking(name.toLowerCase()).endsWith(ending)),
  );
  const chosen = new Set(
    wanted.entry !== undefined
      ? names.filter((name) => name === wanted.entry)
      : named.length > 0
        ? named
        : names.length === 1
          ? names
          : [],
  );
  if (chosen.size === 0) throw nothing(wanted, names, skipped);
  if (chosen.size > FILES_MAX)
    throw refusal('recording_unreadable', `${wanted.archive} holds more than ${FILES_MAX} recordings.`, {
      hint: 'Unpack it first.',
    });
  if (wanted.entry === undefined)
    for (const name of names)
      if (!chosen.has(name)) skipped.push({ name, because: 'its name is not that of a recording' });
  const room = roomFor(wanted.bytes, wanted.unpackedMaxBytes);
  const files: Extracted['files'] = [];
  for await (const { name, content } of entries()) {
    if (!chosen.delete(name)) continue;
    const base = name.slice(name.lastIndexOf('/') + 1).slice(-200);
    files.push({ path: await folder.write(base, limited(content(), room, wanted)), name });
  }
  return { files, skipped };
}

function reasonToSkip(name: string, isWanted: boolean): string | undefined {
  if (LEADS_OUT.test(name)) return 'its name leads out of the archive';
  if (!isWanted && BESIDE.test(name)) return 'it is not a recording';
  return NESTED.test(withoutPacking(name)) ? 'it is an archive in the archive' : undefined;
}

function nothing({ archive, entry }: Wanted, names: string[], skipped: Extracted['skipped']): Error {
  const found = [...names, ...skipped.map(({ name, because }) => `${name} (${because})`)];
  const list = found.slice(0, 5).join(', ') + (found.length > 5 ? ` and ${found.length - 5} more` : '');
  const holds = found.length === 0 ? 'It is empty.' : `It holds ${list}.`;
  return entry === undefined
    ? refusal('recording_unplayable', `${archive} holds nothing that is named like a recording.`, {
        hint: `${holds} Name one as ${archive}/<name>.`,
      })
    : refusal('recording_unknown', `${archive} holds no ${entry}.`, { hint: holds });
}

/** Passes bytes on as long as there is room. */
export async function* limited(
  source: AsyncIterable<Buffer>,
  room: Room,
  { archive }: { archive: string },
): AsyncGenerator<Buffer> {
  for await (const bytes of source) {
    room.left -= bytes.length;
    if (room.left < 0) throw room.refusal(archive);
    yield bytes;
  }
}

/** How much may still be unpacked, in bytes, and how more is refused. */
interface Room {
  left: number;
  refusal(archive: string): Error;
}

/** How much a file of this size may unpack to: by its size, and by the limit of whoever reads it. */
export function roomFor(bytes: number, unpackedMaxBytes = Infinity): Room {
  const bySize = Math.max(FREE_BYTES, bytes * RATIO_MAX);
  if (bySize <= unpackedMaxBytes) return { left: bySize, refusal: tooMuchForItsSize };
  return { left: unpackedMaxBytes, refusal: (archive) => tooMuchUnpacked(archive, unpackedMaxBytes) };
}

const tooMuchForItsSize = (archive: string): Error =>
  refusal('recording_unreadable', `${archive} would unpack to more than ${RATIO_MAX} times its size.`, {
    hint: 'That is what a bomb does. If it is none, unpack it first.',
  });

/** Endings of archives, with and without packing. */
export const ARCHIVE_ENDINGS: readonly string[] = [
  '.zip',
  '.tar',
  ...packings.map(({ endings }) => `.tar${endings[0]}`),
  '.tgz',
  '.tbz2',
  '.txz',
  '.tzst',
];
