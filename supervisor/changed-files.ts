import { dirname, extname, relative, sep } from 'node:path';
import { root } from '../core/runtime/root.mjs';
import type { RoleName } from './roles.ts';

/** A file of the project that was changed, added or removed. */
export interface FileChange {
  path: string;
  kind: 'changed' | 'added' | 'removed';
}

/** The role, and the files it has imported. */
interface Importer {
  name: RoleName;
  imports: ReadonlySet<string>;
}

const CODE = new Set(['.ts', '.mjs', '.js', '.cjs']);

/**
 * The roles that a change concerns. Code concerns those that have imported it; a new file also those that have imported
 * another file of its folder, which may be a registry. Anything else (schemas, Lua, WebAssembly) is read, not imported: it
 * concerns those that have imported something of the same top folder.
 */
export function concerned<Role extends Importer>(roles: readonly Role[], { path, kind }: FileChange): Role[] {
  const some = (role: Role, test: (file: string) => boolean) => [...role.imports].some(test);
  if (!CODE.has(extname(path)))
    return roles.filter((role) => some(role, (file) => topFolder(file) === topFolder(path)));
  return roles.filter(
    (role) =>
      role.imports.has(path) || (kind === 'added' && some(role, (file) => dirname(file) === dirname(path))),
  );
}

const topFolder = (path: string) => relative(root, path).split(sep)[0];
