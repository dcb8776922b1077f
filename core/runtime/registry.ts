import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './root.mjs';
import { invariant } from '../problems/errors.ts';

/** A module of a registry: TypeScript in a clone, JavaScript in a package. Declarations (.d.ts) do not count. */
const MODULE = /^(?<name>.+?)(?<!\.d)\.[tj]s$/;

/** The names of the modules directly in a folder, sorted. Nothing is loaded. Helpers belong in subfolders. */
export function moduleNames(folder: URL): string[] {
  return filesOf(folder).map(nameOf);
}

/**
 * Loads a folder that is a registry: each file directly in it adds one entry, its default export, under the file's name.
 * Helpers belong in subfolders. Returns the entries in the order of their names.
 * @param folder its URL, ending with a slash
 * @param names load only these entries
 * @throws RepriseError (invariant) naming the file that has no such default export
 */
export async function loadRegistry<Entry extends { name: string }>(
  folder: URL,
  names?: readonly string[],
): Promise<Entry[]> {
  const files = filesOf(folder).filter((file) => names?.includes(nameOf(file)) ?? true);
  return Promise.all(files.map((file) => load<Entry>(file, folder)));
}

async function load<Entry extends { name: string }>(file: string, folder: URL): Promise<Entry> {
  const url = new URL(file, folder);
  const { default: entry } = (await import(url.href)) as { default?: Entry };
  if (entry?.name === nameOf(file)) return entry;
  const path = relative(root, fileURLToPath(url));
  const found = typeof entry?.name === 'string' ? ` but "${entry.name}"` : '';
  throw invariant(`${path} has no default export with the name "${nameOf(file)}"${found}.`, {
    hint: 'Each file in this folder is an entry of a registry. Put helpers into a folder below it.',
  });
}

function filesOf(folder: URL): string[] {
  return readdirSync(folder)
    .filter((file) => MODULE.test(file))
    .sort();
}

function nameOf(file: string): string {
  return MODULE.exec(file)!.groups!['name']!;
}
