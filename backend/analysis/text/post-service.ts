import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { Service, type Context, type Derived } from '../engine/service.ts';

/** A datum with a text that is not blank. */
export type TextData = Data & { text: string };

/** A service that reads posts: a post without text goes to the dead letters. */
export abstract class PostService extends Service {
  override process(data: Data): Data | null {
    return hasText(data) ? this.read(data) : null;
  }

  override receive(event: CloudEvent, context: Context<null>): Derived[] {
    if (!hasText(event.data)) context.reject('The post has no text.');
    return super.receive(event, context);
  }

  /** Derives the data for one post; pass on the members that the service does not write itself. */
  protected abstract read(data: TextData): Data;
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
