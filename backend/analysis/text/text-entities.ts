import { LinkifyIt } from 'linkify-it';

/** A link, mention or hashtag in a text. */
export interface TextEntity {
  kind: 'url' | 'mention' | 'hashtag';
  /** As written; mentions and hashtags without their sign. */
  value: string;
  /** Its place in the text in UTF-16 units; the end is excluded. */
  start: number;
  end: number;
}

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: false });

/** Hashtags as in UAX #31, section 6: letters, marks, digits and underscores, not digits alone. Mentions as on X or Mastodon. */
const SIGNED =
  /(?<![\p{L}\p{M}\p{N}_@#&/.])(?:[@＠](\w+(?:@[\w-]+(?:\.[\w-]+)+)?)|[#＃](?=[\p{M}\p{N}]*[\p{L}_])([\p{L}\p{M}\p{N}_]+))/gu;

/** The links, mentions and hashtags of a text, in their order. Mail addresses are neither. */
export function entitiesOf(text: string): TextEntity[] {
  const urls = linksOf(text);
  const entities = [...urls];
  // Links and names come in the order of the text, so each link is compared with its neighbours only.
  let next = 0;
  for (const match of text.matchAll(SIGNED)) {
    const [start, end] = [match.index, match.index + match[0].length];
    while (next < urls.length && urls[next]!.end <= start) next++;
    if (next < urls.length && end > urls[next]!.start) continue;
    const [, mention, hashtag] = match;
    entities.push({
      kind: mention === undefined ? 'hashtag' : 'mention',
      value: mention ?? hashtag!,
      start,
      end,
    });
  }
  return urls.length > 0 ? entities.sort((a, b) => a.start - b.start) : entities;
}

/** Replaces each entity of a text, and also the words between them. */
export function replaceEntities(
  text: string,
  entities: TextEntity[],
  replace: (entity: TextEntity) => string,
  between = (words: string) => words,
): string {
  let replaced = '';
  let from = 0;
  for (const entity of entities) {
    replaced += between(text.slice(from, entity.start)) + replace(entity);
    from = entity.end;
  }
  return replaced + between(text.slice(from));
}

function linksOf(text: string): TextEntity[] {
  // Most posts have no link, and looking for one is slow.
  if (!/[.:]\S/.test(text)) return [];
  return (linkify.match(text) ?? [])
    .filter(({ schema, raw }) => schema !== 'mailto:' && isLink(schema, raw))
    .map(({ raw, index, lastIndex }) => ({ kind: 'url', value: raw, start: index, end: lastIndex }));
}

/** A missing space after a full stop looks like a host name (`fun.So`): only a scheme, `www` or a path makes a link. */
function isLink(schema: string, raw: string): boolean {
  return schema !== '' || /^www\.|\//i.test(raw);
}
