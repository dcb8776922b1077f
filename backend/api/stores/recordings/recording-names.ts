import type { RepriseError } from '../../../../core/problems/errors.ts';
import { refusal } from '../../../../core/problems/errors.ts';

/** Letters with their marks, digits and some signs; no path, no leading dot. */
const NAME = /^[\p{L}\p{N}_(][\p{L}\p{M}\p{N} ._()+,@=&-]{0,127}$/u;
/** What file systems accept for a name. */
const NAME_MAX_BYTES = 255;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
/** Files that belong to recordings but are not recordings. */
const BESIDE = /\.(truth\.json|streets\.geojson)$/i;

/** Whether a file of this name can be a recording, as far as the form of the name goes. */
export function isPlainName(name: string): boolean {
  return NAME.test(name) && !BESIDE.test(name);
}

/** Returns a name that a caller gave for a file. @throws refusal `recording_name` */
export function checkName(name: string): string {
  const isShort = Buffer.byteLength(name) <= NAME_MAX_BYTES;
  if (NAME.test(name) && isShort && !RESERVED.test(name) && !/[. ]$/.test(name)) return name;
  throw invalidName(name);
}

/** The name under which an upload is kept: in Unicode's composed form (NFC). @throws refusal `recording_name` */
export function nameForUpload(given: string): string {
  const name = checkName(given.normalize('NFC'));
  if (BESIDE.test(name))
    throw refusal('recording_name', `"${name}" is a name for a file that belongs to a recording.`);
  return name;
}

/** Two names with the same key are one name on some file systems: they differ in case or in Unicode's form only. */
export function sameNameKey(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC');
}

/** The entry that an id names in an archive: a path that does not lead out of it. @throws refusal `recording_name` */
export function checkEntry(id: string, slash: number): string {
  const entry = id.slice(slash + 1);
  const isPlain = entry.split('/').every((part) => /^[^\\\0]+$/.test(part) && part !== '.' && part !== '..');
  if (isPlain) return entry;
  throw invalidName(id);
}

/** The refusal of a name. */
export function invalidName(name: string): RepriseError {
  return refusal(
    'recording_name',
    `${JSON.stringify(name.slice(0, 140))} is not a valid name of a recording.`,
    {
      hint: 'Use a plain file name of at most 128 characters and 255 bytes: letters, digits, space and . _ - ( ) + , @ = &; no folders, no leading dot, no name that Windows reserves. Only a recording in an archive is named with it: week.zip/monday.csv.',
    },
  );
}
