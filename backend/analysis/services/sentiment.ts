import type { Data } from '../../../core/wire/event.ts';
import type { PostSentiment } from '../../../schemas/types.ts';
import type { ServiceKind } from '../engine/service.ts';
import { lexiconOf } from '../text/languages.ts';
import { bestText, languageOf, PostService, type TextData } from '../text/post-service.ts';
import { tone, type Tone } from '../text/vader.ts';

/** The thresholds that VADER's authors give for the compound score. */
const CLEAR = 0.05;
const UNKNOWN: Tone = { compound: 0, positive: 0, neutral: 1, negative: 0 };

/** The tone of a post by VADER (Hutto and Gilbert, ICWSM 2014), where there is a lexicon of its language. */
class Sentiment extends PostService {
  readonly #language: string;

  constructor(language: string) {
    super();
    this.#language = language;
  }

  protected override read(data: TextData): Data {
    const lexicon = lexiconOf(languageOf(data, this.#language));
    const found = lexicon ? tone(plain(bestText(data)), lexicon) : UNKNOWN;
    const result: PostSentiment = {
      ...data,
      ...found,
      sentiment: found.compound >= CLEAR ? 'positive' : found.compound <= -CLEAR ? 'negative' : 'neutral',
      supported: lexicon !== null,
    };
    return result;
  }
}

/** Marks for which the original has no eye: that of a coloured heart, and the apostrophe of phones, as in "isn’t good". */
function plain(text: string): string {
  return text.replaceAll('\ufe0f', '').replaceAll('’', "'");
}

export default {
  name: 'sentiment',
  summary: 'Derives the tone of each post.',
  input: 'posts',
  output: 'posts.sentiment',
  keepsState: true,
  params: {
    type: 'object',
    properties: {
      language: {
        type: 'string',
        pattern: '^[a-z]{2}$',
        default: 'en',
        description: 'The language of posts that do not say theirs, ISO 639-1.',
      },
    },
    additionalProperties: false,
  },
  create: (params) => new Sentiment(params['language'] as string),
} satisfies ServiceKind;
