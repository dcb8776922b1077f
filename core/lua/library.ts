import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assemble } from './assemble.ts';
import { ADMIT_KEYS, BATCH, BATCH_KEYS, FILES, FUNCTIONS, PROTOCOL, type FunctionName } from './functions.ts';
import { READERS_NEED } from './layout.ts';

/** Takes the place of the hash in the text that is hashed. */
const HASH = '@HASH@';

const names = Object.keys(FUNCTIONS) as FunctionName[];
const readers = [
  READERS_NEED,
  BATCH_KEYS.reader('batch_keys'),
  ADMIT_KEYS.reader('admit_keys'),
  BATCH.reader('batch'),
  ...names.map((name) => FUNCTIONS[name].reader(name)),
];
const internal = assemble({
  name: `reprise_${HASH}`,
  functions: Object.fromEntries(names.map((name) => [name, `reprise_${name}_${HASH}`])),
  files: textsOf(FILES.internal),
  before: readers,
});
const hash = createHash('sha256').update(internal).digest('hex').slice(0, 8);

/**
 * The functions that only this release calls, as text for FUNCTION LOAD. Their names end in a hash of that text, so that two
 * releases can use the same Redis.
 */
export const internalLibrary = internal.replaceAll(HASH, hash);

/** The functions that services in any language call, as text for FUNCTION LOAD. Their names are stable. */
export const protocolLibrary = assemble({
  name: 'reprise',
  functions: Object.fromEntries(PROTOCOL.map((name) => [name, `reprise_${name}`])),
  files: textsOf(FILES.protocol),
  before: [],
});

/** The name of a function of this release in Redis. */
export function functionName(name: FunctionName): string {
  return `reprise_${name}_${hash}`;
}

function textsOf(files: readonly string[]): { [file: string]: string } {
  const read = (file: string) => readFileSync(new URL(`${file}.lua`, import.meta.url), 'utf8');
  return Object.fromEntries(files.map((file) => [`core/lua/${file}.lua`, read(file)]));
}
