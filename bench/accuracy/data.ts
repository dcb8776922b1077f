import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** The path of a recording beside the project, by its file name; null if there is none. */
function recordingPath(file: string): string | null {
  if (!existsSync(folder)) return null;
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find(
    (path) => basename(path) === file,
  );
  return found === undefined ? null : join(folder, found);
}

/** The lines of a recording, without blanks at their ends; null if there is no such recording. */
export function recordingLines(file: string): string[] | null {
  const path = recordingPath(file);
  return path === null ? null : readFileSync(path, 'utf8').trimEnd().split(/\r?\n/);
}
