import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assemble } from './assemble.ts';
import {
  ADMIT_KEYS,
  BATCH,
  BATCH_KEYS,
  FILES,
  FUNCTIONS,
  PROTOCOL,
  type FunctionName,
  type ProtocolName,
} from './functions.ts';
import { keys } from '../wire/keys.ts';
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
/** The two libraries under one namespace, as text for FUNCTION LOAD. */
interface Libraries {
  /** The functions that only this release calls. Their names end in `hash`, so that two releases can use the same Redis. */
  internal: string;
  /** A hash of the text of `internal`. */
  hash: string;
  /** The functions that services in any language call. Their names are stable. */
  protocol: string;
}

const byNamespace = new Map<string, Libraries>();

/** The libraries of this process's namespace. */
export function libraries(): Libraries {
  let made = byNamespace.get(keys.namespace);
  if (!made) byNamespace.set(keys.namespace, (made = assembled()));
  return made;
}

/** The name of a function of this release in Redis. */
export function functionName(name: FunctionName): string {
  return `${prefix()}_${name}_${libraries().hash}`;
}

/** The name of a function of the protocol in Redis, such as `reprise_send`, or `dev_reprise_send` in the namespace `dev`. */
export function protocolName(name: ProtocolName): string {
  return `${prefix()}_${name}`;
}

/** What the names of our functions and libraries begin with: letters, digits and underscores alone. */
const prefix = () => (keys.namespace === '' ? 'reprise' : `${keys.namespace}_reprise`);

function assembled(): Libraries {
  const text = assemble({
    name: `${prefix()}_${HASH}`,
    functions: Object.fromEntries(names.map((name) => [name, `${prefix()}_${name}_${HASH}`])),
    files: textsOf(FILES.internal),
    before: readers,
  });
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const protocol = assemble({
    name: prefix(),
    functions: Object.fromEntries(PROTOCOL.map((name) => [name, protocolName(name)])),
    files: textsOf(FILES.protocol),
    before: [],
  });
  return { internal: text.replaceAll(HASH, hash), hash, protocol };
}

function textsOf(files: readonly string[]): { [file: string]: string } {
  const read = (file: string) => readFileSync(new URL(`${file}.lua`, import.meta.url), 'utf8');
  return Object.fromEntries(files.map((file) => [`core/lua/${file}.lua`, read(file)]));
}
