import type { RefusedRecord } from '../reading/open-options.ts';

/** How many refused rows a report names. */
const NAMED_MAX = 20;

export const OUTSIDE = 'outside the range';
const FILTERED = 'left out by --filter or --sample, or restores state only';

/** What a reading counts. */
interface Counted {
  readonly refused: number;
  readonly filtered: number;
  readonly absent?: number;
  readonly skipped?: ReadonlyMap<string, number>;
}

/** What became of the rows that a conversion read and did not write. */
export class Tally {
  /** How many rows were refused. */
  refused = 0;
  /** Optional values that mean "none" and were left out. */
  absent = 0;
  /** Rows that are intact and were left out: reason -> how many. */
  readonly skipped = new Map<string, number>();
  /** How recordings are read, where that had to be guessed, each once. */
  readonly guesses = new Set<string>();
  readonly #named = new Map<string, RefusedRecord>();

  /** The first refused rows. */
  get refusals(): RefusedRecord[] {
    return [...this.#named.values()];
  }

  /** All rows that were left out with a reason. */
  get skippedRows(): number {
    return [...this.skipped.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Notes refused rows for `refusals`, without counting them: a recording that is read twice refuses each row twice. */
  name(rows: RefusedRecord[]): void {
    for (const row of rows) {
      if (this.#named.size >= NAMED_MAX) return;
      this.#named.set(`${row.file}:${row.line}:${row.reason}`, row);
    }
  }

  /** Counts and notes a row that the output can't hold. */
  refuse(row: RefusedRecord): void {
    this.refused++;
    this.name([row]);
  }

  /** Counts rows that are left out. */
  skip(reason: string, count = 1): void {
    if (count > 0) this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + count);
  }

  /** Adds what a reading of a recording, from its first row to its last, has counted. */
  add({ refused, filtered, absent = 0, skipped = new Map() }: Counted): void {
    this.refused += refused;
    this.absent += absent;
    this.skip(FILTERED, filtered);
    for (const [reason, count] of skipped) this.skip(reason, count);
  }
}
