import { SUBJECT_COLOURS } from '../../ui/palette.ts';

/** With no more subjects than this, only the first colours are used: they differ most. */
const FEW = 8;
/** With more subjects than this, colours repeat so often that it is pointless to keep them apart. */
export const MOST_APART = 100;

/** FNV-1a of a name, 32 bits. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  // The low bits of FNV are weak in short names.
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}

/** The colour of a subject that is not among those known before. */
export const colourOf = (name: string): number => hashOf(name) % SUBJECT_COLOURS;

/**
 * The colours of subjects, as indexes into the palette. They follow from the set of names alone, so they are the same after a
 * reload and in another browser. Each name takes the colour that its hash points to, or the next free one; a colour is taken
 * again only when all have been. So as many subjects as there are colours differ.
 */
export function coloursOf(names: readonly string[]): Map<string, number> {
  const colours = new Map<string, number>();
  const count = names.length <= FEW ? FEW : SUBJECT_COLOURS;
  const hashed = [...new Set(names)].map((name) => ({ name, hash: hashOf(name) }));
  hashed.sort((a, b) => a.hash - b.hash || (a.name < b.name ? -1 : 1));
  const taken = new Set<number>();
  for (const { name, hash } of hashed) {
    let colour = hash % count;
    if (hashed.length <= MOST_APART) {
      if (taken.size === count) taken.clear();
      while (taken.has(colour)) colour = (colour + 1) % count;
      taken.add(colour);
    } else colour = colourOf(name);
    colours.set(name, colour);
  }
  return colours;
}
