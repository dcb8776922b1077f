import type { CloudEvent } from '../../../../../schemas/types.ts';
import { elementsOf, membersOf } from './raw-json.ts';

/** The JSON text that several events were parsed from. It is divided only when the text of one of them is asked for. */
class Source {
  readonly #text: string;
  readonly #member: string;
  #lines: readonly string[] | undefined;

  constructor(text: string, member: string) {
    this.#text = text;
    this.#member = member;
  }

  line(index: number): string | undefined {
    // The first occurrence is the member itself: inside of strings its quotes would be escaped.
    const sign = `"${this.#member}":[`;
    this.#lines ??= elementsOf(this.#text, this.#text.indexOf(sign) + sign.length - 1);
    return this.#lines[index];
  }
}

const sources = new WeakMap<CloudEvent, { source: Source; index: number }>();

/** Keeps the text of events: they are the elements of this member of a JSON text, in order. */
export function keepText(events: readonly CloudEvent[], text: string, member: string): void {
  const source = new Source(text, member);
  events.forEach((event, index) => sources.set(event, { source, index }));
}

/** An event as JSON, digit for digit as it was received. */
export function eventText(event: CloudEvent): string {
  const kept = sources.get(event);
  return kept?.source.line(kept.index) ?? JSON.stringify(event);
}

/** The data of an event as JSON, digit for digit. */
export const dataText = (event: CloudEvent): string =>
  membersOf(eventText(event)).get('data') ?? JSON.stringify(event.data);

/** The members of an event's data as JSON texts, digit for digit. */
export const dataTexts = (event: CloudEvent): Map<string, string> => membersOf(dataText(event));
