import type { Data } from '../../../core/wire/event.ts';
import type { ServiceKind } from '../engine/service.ts';
import { languageDetector, type Detection, type DetectorOptions } from '../text/language.ts';
import { PostService, type TextData } from '../text/post-service.ts';

/** The language of each post. */
class Language extends PostService {
  readonly #detect: (text: string) => Detection;

  constructor(options: DetectorOptions) {
    super();
    this.#detect = languageDetector(options);
  }

  protected override read(data: TextData): Data {
    return { ...data, ...this.#detect(data.text) };
  }
}

export default {
  name: 'language',
  summary: 'Detects the language of each post.',
  input: 'posts',
  output: 'posts.language',
  keepsState: true,
  params: {
    type: 'object',
    properties: {
      languages: {
        type: 'array',
        items: { type: 'string', pattern: '^[a-z]{2}$' },
        uniqueItems: true,
        default: [],
        description: 'The languages that are expected, ISO 639-1; empty: any of 60.',
      },
      min_letters: {
        type: 'integer',
        minimum: 1,
        default: 3,
        description: 'A post with fewer letters is `und`.',
      },
      min_probability: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 0.4,
        description: 'A post with no language as likely as this is `und`.',
      },
    },
    additionalProperties: false,
  },
  create: (params) =>
    new Language({
      languages: params['languages'] as string[],
      minLetters: params['min_letters'] as number,
      minProbability: params['min_probability'] as number,
    }),
} satisfies ServiceKind;
