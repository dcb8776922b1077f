import { readdirSync } from 'node:fs';
import { refusal } from '../../core/errors.ts';
import type { Format } from './format.ts';

const folder = new URL('.', import.meta.url);
const files = readdirSync(folder)
  .filter((file) => /\.[tj]s$/.test(file) && !/^(index|format|cells)\./.test(file))
  .sort();

/** Every format: a file in this folder is one. Those that a file's look decides between come last. */
export const formats: Format[] = await Promise.all(
  files.map(async (file) => ((await import(new URL(file, folder).href)) as { default: Format }).default),
);

/**
 * The format of a file, by its name or else by how its text begins.
 * @throws refusal when it is none we read
 */
export function formatOf(path: string, head: string): Format {
  const name = path.toLowerCase().replace(/\.(gz|zst)$/, '');
  const found =
    formats.find((format) => format.endings.some((ending) => name.endsWith(ending))) ??
    [...formats].reverse().find((format) => format.looksLike(head));
  if (found) return found;
  throw refusal('format_unknown', 415, `${path} is in no format that can be played.`, {
    hint: `There are: ${formats.map((format) => format.name).join(', ')}, each also as .gz.`,
  });
}
