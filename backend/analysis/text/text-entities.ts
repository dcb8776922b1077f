import { LinkifyIt } from 'linkify-it';

/** What a post holds beside words. */
export interface TextEntity {
  kind: 'url' | 'mention' | 'hashtag';
  /** As it is written; mentions and hashtags without their sign. */
  value: string;
  /** Where it stands in the text: UTF-16 units, the end excluded. */
  start: number;
  end: number;
}

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: false });

/** Hashtags as in UAX #31, section 6: letters, marks, digits and underscores, not digits alone. Mentions as on X or Mastodon. */
const SIGNED =
  /(?<![\p{L}\p{M}\p{N}_@#&/.])(?:[@＠](\w+(?:@[\w-]+(?:\.[\w-]+)+)?)|[#＃](?=[\p{M}\p{N}]*[\p{L}_])([\p{L}\p{M}\p{N}_]+))/gu;

/** The links, mentions and hashtags of a text, in their order. Addresses of mail are none. */
export function entitiesOf(text: string): TextEntity[] {
  const urls = linksOf(text);
  const parts = [...urls];
  for (const match of text.matchAll(SIGNED)) {
    const [start, end] = [match.index, match.index + match[0].length];
    if (urls.some((url) => start < url.end && end > url.start)) continue;
    const [, mention, hashtag] = match;
    parts.push({
      kind: mention === undefined ? 'hashtag' : 'mention',
      value: mention ?? hashtag!,
      start,
      end,
    });
  }
  return urls.length > 0 ? parts.sort((a, b) => a.start - b.start) : parts;
}

/** The text with each part replaced, and what lies between them too. */
export function replaceEntities(
  text: string,
  parts: TextEntity[],
  replace: (part: TextEntity) => string,
  between = (words: string) => words,
): string {
  let replaced = '';
  let from = 0;
  for (const part of parts) {
    replaced += between(text.slice(from, part.start)) + replace(part);
    from = part.end;
  }
  return replaced + between(text.slice(from));
}

function linksOf(text: string): TextEntity[] {
  // Most posts hold none, and looking for them takes long.
  if (!/[.:]\S/.test(text)) return [];
  return (linkify.match(text) ?? [])
    .filter(({ schema, raw }) => schema !== 'mailto:' && isMeant(schema, raw))
    .map(({ raw, index, lastIndex }) => ({ kind: 'url', value: raw, start: index, end: lastIndex }));
}

/** A missing blank after a full stop makes names of hosts: `fun.So`. With a scheme, www or a path it is a link. */
function isMeant(schema: string, raw: string): boolean {
  return schema !== '' || /^www\.|\//i.test(raw);
}
