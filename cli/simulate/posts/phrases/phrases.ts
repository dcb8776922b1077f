export type Sentiment = 'positive' | 'neutral' | 'negative';
export type Topic = 'tram' | 'weather' | 'delivery' | 'football' | 'food' | 'concert' | 'city';

/**
 * What people of one language say. A sentence may hold slots, `{name}`, filled from `words`; a word may hold slots
 * too. All of it was written for this project.
 */
export interface Phrases {
  sentences: Readonly<Record<Topic, Readonly<Record<Sentiment, readonly string[]>>>>;
  words: Readonly<Record<string, readonly string[]>>;
  /** Put before a sentence, now and then. */
  openers: Readonly<Record<Sentiment, readonly string[]>>;
  /** Put after it, now and then: a remark of the same tone. */
  closers: Readonly<Record<Sentiment, readonly string[]>>;
  tags: Readonly<Record<Topic, readonly string[]>>;
  /** What the crowd shouts when its team scores. */
  goal: readonly string[];
}
