import type { Data } from '../../../core/wire/event.ts';
import type { ServiceKind } from '../engine/service.ts';
import { cleaner, type Cleaned, type CleanOptions } from '../text/clean.ts';
import { PostService, type TextData } from '../text/post-service.ts';

/** Each post's text, normalised. */
class Clean extends PostService {
  readonly #clean: (text: string) => Cleaned;

  constructor(options: CleanOptions) {
    super();
    this.#clean = cleaner(options);
  }

  protected override read(data: TextData): Data {
    return { ...data, ...this.#clean(data.text) };
  }
}

export default {
  name: 'clean',
  summary: 'Normalises the text of each post, and lists its hashtags, mentions and links.',
  input: 'posts',
  output: 'posts.clean',
  keepsState: true,
  params: {
    type: 'object',
    properties: {
      urls: {
        enum: ['keep', 'remove', 'placeholder'],
        default: 'remove',
        description: 'What becomes of links; the placeholder is `http`.',
      },
      mentions: {
        enum: ['keep', 'remove', 'placeholder'],
        default: 'remove',
        description: 'What becomes of mentions; the placeholder is `@user`.',
      },
      hashtags: {
        enum: ['keep', 'word', 'remove'],
        default: 'word',
        description: 'What becomes of hashtags; word: the sign is taken away.',
      },
      max_repeats: {
        type: 'integer',
        minimum: 0,
        maximum: 10,
        default: 2,
        description: 'The same letter so many times in a row at most; 0: as often as it is.',
      },
    },
    additionalProperties: false,
  },
  create: (params) =>
    new Clean({
      urls: params['urls'] as CleanOptions['urls'],
      mentions: params['mentions'] as CleanOptions['mentions'],
      hashtags: params['hashtags'] as CleanOptions['hashtags'],
      maxRepeats: params['max_repeats'] as number,
    }),
} satisfies ServiceKind;
