import clean from '../../../../backend/analysis/services/clean.ts';
import language from '../../../../backend/analysis/services/language.ts';
import sentiment from '../../../../backend/analysis/services/sentiment.ts';
import topics from '../../../../backend/analysis/services/topics.ts';
import { words } from '../../../../backend/analysis/text/segments.ts';
import { readings } from '../../../helpers/posts.ts';

/** How much of a text the services of posts analyse; the last number is that of shortened posts. For a thread of its own. */
export function analysed(text: string): unknown[] {
  return [
    ...[clean, language, sentiment].map((kind) => readings(kind, [text])[0]!['analysed_characters']),
    readings(topics, [text])[0]!['shortened'],
  ];
}

/** The number of words. */
export function countWords(text: string): number {
  let count = 0;
  for (const _word of words(text)) count++;
  return count;
}
