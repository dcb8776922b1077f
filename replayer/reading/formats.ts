import { refusal } from '../../core/problems/errors.ts';
import { loadRegistry } from '../../core/runtime/registry.ts';
import type { Plugins } from '../../core/plugins/plugins.ts';
import { packings, withoutPacking } from './packing/packings.ts';
import type { Format } from '../formats/support/format.ts';

/** Every format: one for each file of `replayer/formats/`, then those that plugins add. */
export const formats: Format[] = await loadRegistry<Format>(new URL('../formats/', import.meta.url));

const builtInCount = formats.length;

/** Adds the formats of plugins, in place of those added before. They are read on one thread only. */
export function addFormats(plugins: Plugins): void {
  formats.length = builtInCount;
  formats.push(
    ...plugins.added(
      'formats',
      Array.from(formats, ({ name }) => name),
    ),
  );
}

/**
 * The format of a file, chosen by the ending of its name, and by the beginning of its text where several formats share
 * the ending or none has it. @throws refusal when no format matches
 */
export function formatOf(path: string, head: string): Format {
  const name = withoutPacking(path.toLowerCase());
  const named = formats.filter((format) => format.endings.some((ending) => name.endsWith(ending)));
  const byLook = (candidates: Format[]) => [...candidates].reverse().find((format) => format.looksLike(head));
  const owner = named.length === 1 ? named[0] : named.find(({ endings }) => name.endsWith(endings[0]!));
  // Endings such as .log say little: where no format that has one recognises the file, any other may.
  const found = (named.length > 1 ? byLook(named) : undefined) ?? owner ?? byLook(formats) ?? named[0];
  if (found) return found;
  throw refusal('format_unknown', `${path} is not in a format that can be played.`, {
    hint: `The formats are ${names()}; each also as ${packings.map(({ endings }) => endings[0]).join(', ')}, or in a .zip or .tar. --format names one.`,
  });
}

/** The format of this name. @throws refusal when there is none */
export function formatNamed(name: string): Format {
  const found = formats.find((format) => format.name === name);
  if (found) return found;
  throw refusal('format_name', `"${name}" is not a format.`, {
    hint: `The formats are ${names()}.`,
  });
}

const names = () =>
  formats
    .filter(({ endings }) => endings.length > 0)
    .map((format) => format.name)
    .join(', ');
