import type { Data } from '../../../core/wire/event.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';
import type { ServiceKind } from '../engine/service.ts';
import { cleaner, type CleanedText } from '../text/clean.ts';
import { MAX_CHARACTERS, PostService, type TextData } from '../text/post-service.ts';

const params = {
  type: 'object',
  properties: {
    urls: {
      enum: ['keep', 'remove', 'placeholder'],
      default: 'remove',
      description: 'What to do with links; the placeholder is `http`.',
    },
    mentions: {
      enum: ['keep', 'remove', 'placeholder'],
      default: 'remove',
      description: 'What to do with mentions; the placeholder is `@user`.',
    },
    hashtags: {
      enum: ['keep', 'word', 'remove'],
      default: 'word',
      description: 'What to do with hashtags; `word` removes only the sign.',
    },
    max_repeats: {
      type: 'integer',
      minimum: 0,
      maximum: 10,
      default: 2,
      description: 'A letter is repeated at most this often in a row; 0 leaves all repeats.',
    },
    max_characters: MAX_CHARACTERS,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

/** Normalises the text of each post. */
class Clean extends PostService {
  readonly #clean: (text: string) => CleanedText;

  constructor({ max_repeats: maxRepeats, max_characters: maxCharacters, ...options }: Params) {
    super(maxCharacters);
    this.#clean = cleaner({ ...options, maxRepeats });
  }

  protected override read(data: TextData, text: string): Data {
    return { ...data, ...this.#clean(text) };
  }
}

export default {
  name: 'clean',
  summary: 'Normalises the text of each post, and lists its hashtags, mentions and links.',
  input: 'posts',
  output: 'posts.clean',
  keepsState: true,
  params,
  create: (given: Params) => new Clean(given),
} satisfies ServiceKind;
