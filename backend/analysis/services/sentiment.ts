import type { Data } from '../../../core/wire/event.ts';
import type { PostSentiment } from '../../../schemas/types.ts';
import type { ServiceKind } from '../engine/service.ts';
import { lexiconOf } from '../text/languages.ts';
import { bestText, languageOf, MAX_CHARACTERS, PostService, type TextData } from '../text/post-service.ts';
import { tone, type Tone } from '../text/vader.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';

const params = {
  type: 'object',
  properties: {
    language: {
      type: 'string',
      pattern: '^[a-z]{2}$',
      default: 'en',
      description: 'The language of posts that do not name theirs, ISO 639-1.',
    },
    max_characters: MAX_CHARACTERS,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

/** Beyond this compound score, positive or negative, VADER's authors call a text positive or negative. */
const CLEAR = 0.05;
const UNKNOWN: Tone = { compound: 0, positive: 0, neutral: 1, negative: 0 };

/** Derives the tone of each post by VADER (Hutto and Gilbert, ICWSM 2014), if there is a lexicon for its language. */
class Sentiment extends PostService {
  readonly #language: string;

  constructor({ language, max_characters: maxCharacters }: Params) {
    super(maxCharacters);
    this.#language = language;
  }

  protected override textOf(data: TextData): string {
    return bestText(data);
  }

  protected override read(data: TextData, text: string): Data {
    const lexicon = lexiconOf(languageOf(data, this.#language));
    const found = lexicon ? tone(plain(text), lexicon) : UNKNOWN;
    const result: PostSentiment = {
      ...data,
      ...found,
      sentiment: found.compound >= CLEAR ? 'positive' : found.compound <= -CLEAR ? 'negative' : 'neutral',
      supported: lexicon !== null,
    };
    return result;
  }
}

/** Replaces what the original does not recognise: the emoji variation selector, and the typographic apostrophe in "isn’t". */
function plain(text: string): string {
  return text.replaceAll('\ufe0f', '').replaceAll('’', "'");
}

export default {
  name: 'sentiment',
  summary: 'Derives the tone (sentiment) of each post.',
  input: 'posts',
  output: 'posts.sentiment',
  keepsState: true,
  params,
  create: (given: Params) => new Sentiment(given),
} satisfies ServiceKind;
