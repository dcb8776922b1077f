import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { Service, type Context, type Derived } from '../engine/service.ts';

/** A datum that has a text, which is more than blanks. */
export type TextData = Data & { text: string };

/** A service that reads posts: what has no text goes to the dead letters. */
export abstract class PostService extends Service {
  override process(data: Data): Data | null {
    return hasText(data) ? this.read(data) : null;
  }

  override receive(event: CloudEvent, context: Context<null>): Derived[] {
    if (!hasText(event.data)) context.reject('has no text');
    return super.receive(event, context);
  }

  /** What the service makes of a post. Members that it does not write itself have to be passed on. */
  protected abstract read(data: TextData): Data;
}

export function hasText(data: Data): data is TextData {
  return typeof data['text'] === 'string' && /\S/.test(data['text']);
}

/** The post's text as an earlier service has cleaned it, else as it is. */
export function bestText(data: TextData): string {
  return typeof data['clean'] === 'string' ? data['clean'] : data.text;
}

/** The post's language (ISO 639-1) as detected, or as the source says, or as given. */
export function languageOf({ language, lang }: Data, otherwise: string): string {
  const tag =
    typeof language === 'string' && language !== UNDETERMINED
      ? language
      : typeof lang === 'string'
        ? lang
        : otherwise;
  return tag.toLowerCase().replace(/[-_].*/, '');
}

/** The language tag for a language that is not known (ISO 639-2). */
export const UNDETERMINED = 'und';
