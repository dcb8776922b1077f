import type { CloudEvent, Data } from '../../../core/wire/event.ts';
import { compilePredicate, compileValue } from '../../../core/wire/expression.ts';
import type { Unevaluated } from './unevaluated.ts';

/** The key of all events where nothing separates them. */
const ALL = 'all';

/** Selects the events that go into windows, and the key that separates their windows. */
export class EventSelector {
  readonly #where: ((data: Data) => boolean) | null;
  readonly #unevaluated: Unevaluated;
  readonly #by: ((data: Data) => unknown) | 'subject' | null;

  /**
   * @param where a CEL expression that must be true
   * @param by a member, a CEL expression or `subject`; null for one window for all
   * @throws refusal `expression_malformed`
   */
  constructor({ where, by }: { where?: string; by: string | null }, unevaluated: Unevaluated) {
    this.#where = where === undefined ? null : compilePredicate(where, unevaluated.report);
    this.#by = by === null || by === 'subject' ? by : compileValue(by, unevaluated.report);
    this.#unevaluated = unevaluated;
  }

  /** The key whose windows the event is in. */
  key(event: CloudEvent): string {
    if (this.#by === 'subject') return event.subject;
    if (this.#by === null) return ALL;
    this.#unevaluated.clear();
    const value = this.#by(event.data);
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? ALL);
  }

  /** Whether the event counts. A restored event does not: it is from before the start, and was in earlier windows. */
  accepts(event: CloudEvent): boolean {
    return !event.restored && (this.#where === null || this.#where(event.data));
  }
}
