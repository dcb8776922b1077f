import { refusal } from '../../core/problems/errors.ts';
import { loadRegistry } from '../../core/runtime/registry.ts';
import type { Plugins } from '../../core/plugins/plugins.ts';
import type { Format } from '../formats/support/format.ts';

/** Every format: a file of `replayer/formats/` each, then those of plugins. */
export const formats: Format[] = await loadRegistry<Format>(new URL('../formats/', import.meta.url));

const own = formats.length;

/** From now on those of plugins are formats as well. They are read on one thread. */
export function addFormats(plugins: Plugins): void {
  formats.length = own;
  formats.push(
    ...plugins.added(
      'formats',
      Array.from(formats, ({ name }) => name),
    ),
  );
}

/**
 * The format of a file, by its name where one format alone has its ending, else by how its text begins.
 * @throws refusal when it is none we read
 */
export function formatOf(path: string, head: string): Format {
  const name = path.toLowerCase().replace(/\.(gz|zst)$/, '');
  const named = formats.filter((format) => format.endings.some((ending) => name.endsWith(ending)));
  const byLook = (candidates: Format[]) => [...candidates].reverse().find((format) => format.looksLike(head));
  const owner = named.find(({ endings }) => name.endsWith(endings[0]!)) ?? named[0];
  const found = (named.length > 1 ? byLook(named) : undefined) ?? owner ?? byLook(formats);
  if (found) return found;
  throw refusal('format_unknown', 415, `${path} is in no format that can be played.`, {
    hint: `There are: ${names()}; text also as .gz and .zst. --format names one.`,
  });
}

/** @throws refusal when there is none of this name */
export function formatNamed(name: string): Format {
  const found = formats.find((format) => format.name === name);
  if (found) return found;
  throw refusal('format_unknown', 422, `"${name}" is no format.`, { hint: `There are: ${names()}.` });
}

const names = () =>
  formats
    .filter(({ endings }) => endings.length > 0)
    .map((format) => format.name)
    .join(', ');
