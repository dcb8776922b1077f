import type { ReportUnevaluated } from '../../../core/wire/expression.ts';
import type { Context } from '../engine/service.ts';

/** The metric of events for which an expression could not be evaluated, by reason. */
const METRIC = 'unevaluated_expressions';
/** The value of a label is cut in Redis, but a reason that quotes data would make too many of them. */
const OTHER = 'other';

/** What the expressions of a service could not be evaluated for, until it is told for the event under way. */
export class Unevaluated {
  #reasons: string[] = [];
  #costly: string | null = null;

  /** Is given to each expression of the service. */
  readonly report: ReportUnevaluated = (reason, isCostly) => {
    if (isCostly) this.#costly ??= reason;
    else this.#reasons.push(/^no such overload/.test(reason) ? reason : OTHER);
  };

  /** Forgets what was reported for an event that nobody handled. */
  clear(): void {
    this.#costly = null;
    if (this.#reasons.length > 0) this.#reasons = [];
  }

  /** Counts the reports by reason. Rejects the event whose expression took too many steps, and returns whether it did. */
  tell(context: Pick<Context<unknown>, 'count' | 'reject'>): boolean {
    if (this.#costly === null && this.#reasons.length === 0) return false;
    for (const reason of this.#reasons) context.count(METRIC, { reason });
    const costly = this.#costly;
    this.clear();
    if (costly === null) return false;
    context.count(METRIC, { reason: 'too many steps' });
    context.reject(`An expression can't be evaluated for it: ${costly}.`);
    return true;
  }
}
