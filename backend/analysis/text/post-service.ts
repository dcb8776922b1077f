import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { isWithinCharacter } from './segments.ts';
import { Service, type Context, type Derived } from '../engine/service.ts';

/** A datum with a text that is not blank. */
export type TextData = Data & { text: string };

/** The parameter of each service that reads posts. */
export const MAX_CHARACTERS = {
  type: 'integer',
  minimum: 100,
  maximum: 100_000,
  default: 10_000,
  description:
    'How much of a text is analysed, UTF-16 units. A longer text is analysed up to there, and `analysed_characters` says so.',
} as const;

/** A service that reads posts: a post without text goes to the dead letters. */
export abstract class PostService extends Service {
  readonly #maxCharacters: number;

  /** @param maxCharacters how much of a text is analysed, UTF-16 units */
  constructor(maxCharacters: number) {
    super();
    this.#maxCharacters = maxCharacters;
  }

  override process(data: Data): Data | null {
    if (!hasText(data)) return null;
    const text = beginning(this.textOf(data), this.#maxCharacters);
    if (text === this.textOf(data)) return this.read(data, text);
    return { ...this.read(data, text), analysed_characters: text.length };
  }

  /** The text that is read. */
  protected textOf(data: TextData): string {
    return data.text;
  }

  override receive(event: CloudEvent, context: Context<null>): Derived[] {
    if (!hasText(event.data)) context.reject('The post has no text.');
    return super.receive(event, context);
  }

  /**
   * Derives the data for one post; pass on the members that the service does not write itself.
   * @param text its text, or the beginning of it
   */
  protected abstract read(data: TextData, text: string): Data;
}

/** The beginning of a text, cut between two characters. */
export function beginning(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  return text.slice(0, isWithinCharacter(text, maxCharacters) ? maxCharacters - 1 : maxCharacters);
}

/** Whether a datum has a text that is not blank. */
export function hasText(data: Data): data is TextData {
  return typeof data['text'] === 'string' && /\S/.test(data['text']);
}

/** The text of a post as the service `clean` left it, or the original text. */
export function bestText(data: TextData): string {
  return typeof data['clean'] === 'string' ? data['clean'] : data.text;
}

/** The language of a post (ISO 639-1): as detected, else as the source says, else `otherwise`. */
export function languageOf({ language, lang }: Data, otherwise: string): string {
  const tag =
    typeof language === 'string' && language !== UNDETERMINED
      ? language
      : typeof lang === 'string'
        ? lang
        : otherwise;
  return tag.toLowerCase().replace(/[-_].*/, '');
}

/** The tag for a language that is not known (ISO 639-2). */
export const UNDETERMINED = 'und';
