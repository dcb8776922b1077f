/** Texts of the posts. */
export const texts = {
  none: 'No posts yet',
  noneHint: 'Events with a text appear here, with the tone that posts.sentiment finds.',
  fresh: (n: number) => `${n.toLocaleString('en')} new`,
  all: 'All',
  positive: 'Positive',
  neutral: 'Neutral',
  negative: 'Negative',
  pending: 'Tone pending',
  filter: 'Show posts by tone',
  share: (positive: number, neutral: number, negative: number) =>
    `Posts shown: ${positive} % positive, ${neutral} % neutral, ${negative} % negative`,
  until: (at: string) => `until ${at}`,
  noneThen: 'None of the posts kept here is older than that moment.',
  filteredNone: 'None of the latest posts matches.',
  find: 'Search posts',
  language: 'Language',
  anyLanguage: 'Any language',
  trending: 'Trending topics',
  older: 'Older posts',
  reading: 'Reading older posts…',
  noOlder: 'The log goes back no further.',
};
