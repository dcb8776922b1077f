import type { Data } from '../../../core/wire/event.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';
import type { ServiceKind } from '../engine/service.ts';
import { languageDetector, type DetectedLanguage } from '../text/language.ts';
import { MAX_CHARACTERS, PostService, type TextData } from '../text/post-service.ts';

const params = {
  type: 'object',
  properties: {
    languages: {
      type: 'array',
      items: { type: 'string', pattern: '^[a-z]{2}$' },
      uniqueItems: true,
      default: [],
      description: 'The languages to expect, ISO 639-1; empty: any of 60.',
    },
    min_letters: {
      type: 'integer',
      minimum: 1,
      default: 3,
      description: 'A post with fewer letters gets the language `und`.',
    },
    min_probability: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.4,
      description: 'A post gets the language `und` when no language is at least this likely.',
    },
    max_characters: MAX_CHARACTERS,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

/** Detects the language of each post. */
class Language extends PostService {
  readonly #detect: (text: string) => DetectedLanguage;

  constructor(given: Params) {
    super(given.max_characters);
    const { languages, min_letters: minLetters, min_probability: minProbability } = given;
    this.#detect = languageDetector({ languages, minLetters, minProbability });
  }

  protected override read(data: TextData, text: string): Data {
    return { ...data, ...this.#detect(text) };
  }
}

export default {
  name: 'language',
  summary: 'Detects the language of each post.',
  input: 'posts',
  output: 'posts.language',
  keepsState: true,
  params,
  create: (given: Params) => new Language(given),
} satisfies ServiceKind;
