import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { compilePredicate, compileValue } from '../../../core/wire/expression.ts';

/** What all events are kept by where nothing tells them apart. */
const ALL = 'all';

/** Which events go into windows, and by what they are kept apart. */
export class EventSelector {
  readonly #where: ((data: Data) => boolean) | null;
  readonly #by: ((data: Data) => unknown) | 'subject' | null;

  /** `where` is a CEL expression; `by` a member or an expression, `subject`, or null for one window for all. @throws refusal */
  constructor({ where, by }: { where?: string; by: string | null }) {
    this.#where = where === undefined ? null : compilePredicate(where);
    this.#by = by === null || by === 'subject' ? by : compileValue(by);
  }

  key(event: CloudEvent): string {
    if (this.#by === 'subject') return event.subject;
    if (this.#by === null) return ALL;
    const value = this.#by(event.data);
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? ALL);
  }

  /** What is restored is from before the start: it was in windows that are not these. */
  chooses(event: CloudEvent): boolean {
    return !event.restored && (this.#where === null || this.#where(event.data));
  }
}
