import { invariant } from '../problems/errors.ts';
import { keys } from '../wire/keys.ts';
import { limits } from '../wire/limits.ts';

/** The parts of a library of Redis Functions. */
export interface Parts {
  /** The name of the library in Redis. */
  name: string;
  /** Name of the Lua function -> name of the Redis Function. */
  functions: { readonly [name: string]: string };
  /** File name -> Lua text, in order. */
  files: { readonly [file: string]: string };
  /** Lua texts that precede the files. */
  before: readonly string[];
}

const COMMENT = /^\s*--.*$/gm;

/**
 * Assembles a library as text for FUNCTION LOAD: first the keys and limits that its files use, generated from
 * core/wire/keys.ts and core/wire/limits.ts; then the files; then the registration of the functions.
 * @throws invariant if a file writes out a key, if it uses a key or a limit that does not exist, or if no file defines one of
 * the functions
 */
export function assemble({ name, functions, files, before }: Parts): string {
  const texts = Object.entries(files);
  for (const [file, text] of texts)
    if (text.includes(keys.ownPrefix))
      throw invariant(
        `${file}: write keys.<name>, with the name from core/wire/keys.ts, not "${keys.ownPrefix}...".`,
      );
  const body = texts.map(([file, text]) => `-- ${file}\n${text}`).join('\n');
  for (const own of Object.keys(functions))
    if (!body.includes(`\nlocal function ${own}(`))
      throw invariant(`core/lua/functions.ts names "${own}", but no file has a "local function ${own}".`);
  const keyTexts = used(texts, 'keys', keys).map(([key, value]) => `${key} = ${keyText(key, value)}`);
  const limitTexts = used(texts, 'limits', limits).map(([limit, value]) => `${limit} = ${numberText(value)}`);
  return [
    `#!lua name=${name}`,
    `local keys = { ${keyTexts.join(', ')} }`,
    `local limits = { ${limitTexts.join(', ')} }`,
    ...before,
    body,
    ...Object.entries(functions).map(([own, shown]) => `redis.register_function('${shown}', ${own})`),
  ].join('\n');
}

/** The members of a table that the files use, sorted by name. */
function used<T extends object>(
  texts: [file: string, text: string][],
  table: string,
  members: T,
): [string, T[keyof T]][] {
  const found = new Map<string, T[keyof T]>();
  const use = new RegExp(`\\b${table}\\.(\\w+)`, 'g');
  for (const [file, text] of texts)
    for (const [, name = ''] of text.replace(COMMENT, '').matchAll(use)) {
      if (!Object.hasOwn(members, name))
        throw invariant(`${file} uses ${table}.${name}, which core/wire/${table}.ts does not have.`);
      found.set(name, members[name as keyof T]);
    }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A key of core/wire/keys.ts as a Lua expression: a string, or a function that returns one. */
function keyText(name: string, key: unknown): string {
  if (typeof key === 'string') return `'${key}'`;
  if (typeof key !== 'function')
    throw invariant(`keys.${name} is neither a key nor a function, so Lua can't use it.`);
  const parameters = Array.from({ length: key.length }, (_, i) => `part${i + 1}`);
  // Calls the function with the names of the parameters between marks that no key contains, and splits its result there.
  const marked = parameters.map((parameter) => `\0${parameter}\0`);
  const pieces = String(Reflect.apply(key, undefined, marked)).split('\0');
  if (pieces.filter((_, i) => i % 2 === 1).join() !== parameters.join())
    throw invariant(`keys.${name} does more than join its parameters in order, so Lua can't use it.`);
  const joined = pieces
    .map((piece, i) => (i % 2 === 1 ? piece : `'${piece}'`))
    .filter((piece) => piece !== `''`);
  return `function(${parameters.join(', ')}) return ${joined.join(' .. ')} end`;
}

function numberText(value: number | readonly number[]): string {
  return typeof value === 'number' ? String(value) : `{ ${value.join(', ')} }`;
}
