import { basename } from 'node:path';
import { isProblem, RepriseError } from '../../core/problems/errors.ts';
import type { Located } from './located.ts';

/** Problems of files that are not recordings, or not with these options. Damage is not among them: it fails the archive. */
const NOT_A_RECORDING = [
  'recording_unplayable',
  'recording_empty',
  'time_column_unknown',
  'time_format_unknown',
  'column_unknown',
] as const;

const SHOWN = 5;

/** What came of the recordings in an archive. */
export interface PlayableEntries<T> {
  /** Those that can be played, with their names in the archive; no names where the source is not an archive. */
  paths: string[];
  entries: string[];
  results: T[];
  /** What was left out, as sentences. */
  notes: string[];
}

/**
 * Calls `open` with each recording that was found. An archive may hold files that are only named like recordings
 * (Settings.json, an empty file): where it holds others, they are left out with a note that counts and names them.
 * @throws refusal where none can be played, where the only one can't, or where one is damaged
 */
export async function playableEntries<T>(
  name: string,
  { paths, entries, notes }: Located,
  open: (path: string) => Promise<T>,
): Promise<PlayableEntries<T>> {
  const found: PlayableEntries<T> = { paths: [], entries: [], results: [], notes: [...notes] };
  const leftOut: { name: string; error: RepriseError }[] = [];
  for (const [i, path] of paths.entries()) {
    try {
      found.results.push(await open(path));
      found.paths.push(path);
      if (entries[i] !== undefined) found.entries.push(entries[i]);
    } catch (error) {
      if (paths.length === 1 || !(error instanceof RepriseError) || !isLeftOut(error)) throw error;
      leftOut.push({ name: entries[i] ?? basename(path), error });
    }
  }
  if (leftOut.length === 0) return found;
  const archive = name === '-' ? 'stdin' : basename(name);
  const named = leftOut
    .slice(0, SHOWN)
    .map(({ name, error }) => `${name} (${error.message.replace(/\.$/, '')})`);
  const list = named.join(', ') + (leftOut.length > SHOWN ? ` and ${leftOut.length - SHOWN} more` : '');
  if (found.paths.length === 0)
    throw new RepriseError(
      leftOut[0]!.error,
      `None of the ${paths.length} recordings in ${archive} can be played.`,
      { hint: `They are ${list}. ${leftOut[0]!.error.hint ?? ''}`.trim() },
    );
  found.notes.push(
    `${leftOut.length} of the ${paths.length} files in ${archive} that are named like recordings can't be played and ${leftOut.length === 1 ? 'is' : 'are'} left out: ${list}.`,
  );
  return found;
}

function isLeftOut(error: RepriseError): boolean {
  if (NOT_A_RECORDING.some((code) => isProblem(error, code))) return true;
  // Bytes that are not text. What is damaged has a cause.
  return isProblem(error, 'recording_unreadable') && error.cause === undefined;
}
