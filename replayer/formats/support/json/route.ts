import { isBelow, memberPath } from './paths.ts';
import type { DocumentPlan } from './plan.ts';
import type { Entering, Route } from './scan/scanned.ts';
import { holdsForAllRows } from './timed.ts';

/** Bound on the paths that are remembered, because a document may have any number of them. */
const PATHS_MAX = 10_000;

/** Leads a scanner to the rows of a document: what leads to rows is entered, a row is kept as a whole. */
export class DocumentRoute implements Route {
  readonly #plan: Pick<DocumentPlan, 'rows' | 'maps' | 'isSequence'>;
  readonly #leads = new Map<string, boolean>();

  constructor(plan: Pick<DocumentPlan, 'rows' | 'maps' | 'isSequence'>) {
    this.#plan = plan;
  }

  entering(path: string, place: 'member' | 'element' | 'root', isList: boolean): Entering {
    const { rows, isSequence } = this.#plan;
    const [isRow, leads] = [rows.has(path), this.leadsToRows(path)];
    if (isList)
      return place === 'root' || (place === 'member' && (isRow || leads)) ? 'enter' : 'enter if broken';
    if (isRow) return leads ? 'enter if broken' : 'keep';
    return leads && (place === 'member' || (place === 'root' && !isSequence)) ? 'enter' : 'enter if broken';
  }

  member(path: string, name: string): { path: string; isKey: boolean } {
    const isKey = this.#plan.maps.has(path);
    return { path: memberPath(path, isKey ? '*' : name), isKey };
  }

  carries(name: string): boolean {
    return holdsForAllRows(name);
  }

  /** Whether rows are inside what is at this path. */
  leadsToRows(path: string): boolean {
    const known = this.#leads.get(path);
    if (known !== undefined) return known;
    const leads = [...this.#plan.rows].some((row) => isBelow(row, path));
    if (this.#leads.size < PATHS_MAX) this.#leads.set(path, leads);
    return leads;
  }
}
