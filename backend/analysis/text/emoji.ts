import { createRequire } from 'node:module';

type Names = { [emoji: string]: { name: string } };
type Components = { [name: string]: string };

let names: Map<string, string> | null = null;

/** The Unicode name of an emoji of one code point, such as `grinning face`; undefined for other text. The table is read at the first call. */
export function emojiName(char: string): string | undefined {
  names ??= read();
  return names.get(char);
}

function read(): Map<string, string> {
  const require = createRequire(import.meta.url);
  const emoji = require('unicode-emoji-json/data-by-emoji.json') as Names;
  const components = require('unicode-emoji-json/data-emoji-components.json') as Components;
  return new Map([
    ...Object.entries(components).map(([name, char]): [string, string] => [char, name.replaceAll('_', ' ')]),
    ...Object.entries(emoji)
      // Some are listed with the emoji variation selector, which may be missing in a text.
      .map(([char, { name }]): [string, string] => [char.replace('\ufe0f', ''), name])
      .filter(([char]) => [...char].length === 1),
  ]);
}
