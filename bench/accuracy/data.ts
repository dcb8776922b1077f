import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** The path of a recording that lies beside the project, by its file's name; null where there is none. */
function recordingPath(file: string): string | null {
  if (!existsSync(folder)) return null;
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
    (path) => basename(path) === file,
  );
  return found === undefined ? null : join(folder, found);
}

/** The lines of a recording; null where it is not there. Blanks at their ends are no part of them. */
export function recordingLines(file: string): string[] | null {
  const path = recordingPath(file);
  return path === null ? null : readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
}
