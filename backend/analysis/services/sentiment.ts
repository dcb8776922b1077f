import vader from 'vader-sentiment';
import type { Data } from '../../../core/event.ts';
import type { Post, PostSentiment } from '../../../schemas/types.ts';
import { Service, type ServiceKind } from '../service.ts';

/** The thresholds that VADER's authors give for the compound score. */
const CLEAR = 0.05;

/** The tone of a post by VADER (Hutto and Gilbert, ICWSM 2014): English; other languages come out mostly neutral. */
class Sentiment extends Service {
  override process(data: Data): Data {
    const { text, lang, user } = data as unknown as Post;
    const { compound, pos, neu, neg } = vader.SentimentIntensityAnalyzer.polarity_scores(text);
    const result: PostSentiment = {
      text,
      ...(typeof user === 'string' && { user }),
      ...(typeof lang === 'string' && { lang }),
      sentiment: compound >= CLEAR ? 'positive' : compound <= -CLEAR ? 'negative' : 'neutral',
      compound,
      positive: pos,
      neutral: neu,
      negative: neg,
    };
    return { ...result };
  }
}

export default {
  name: 'sentiment',
  summary: 'Derives the tone of each post.',
  input: 'posts',
  output: 'posts.sentiment',
  params: { type: 'object', properties: {}, additionalProperties: false },
  create: () => new Sentiment(),
} satisfies ServiceKind;
