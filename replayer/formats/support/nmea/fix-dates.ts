import { timeMsOf } from '../../../../core/wire/event.ts';
import type { Fix } from './fix.ts';

const DAY_MS = 86_400_000;
/** A clock that steps back by more than this has passed midnight. */
const ROLLOVER_MS = DAY_MS / 2;
/** How many fixes wait for a date that comes after them. */
const WAITING_MAX = 10_000;

/**
 * Gives fixes their day. A fix whose own sentences name no date has the day of the fix before it, or the next one where the
 * clock has passed midnight; else the day of its reception. Fixes before the first date wait for it.
 */
export class FixDates {
  /** The time of the last fix whose day is known, epoch ms; NaN for none. */
  lastMs = NaN;
  #waiting: Fix[] = [];

  /** Takes the next fix. @returns the fixes that are ready; without a day only where too many wait for one */
  push(fix: Fix): Fix[] {
    const dayMs = this.dayOf(fix);
    if (dayMs === null) {
      this.#waiting.push(fix);
      return this.#waiting.length > WAITING_MAX ? [this.#waiting.shift()!] : [];
    }
    fix.dayMs = dayMs;
    this.lastMs = dayMs + fix.clockMs;
    let [day, clockMs] = [dayMs, fix.clockMs];
    for (const earlier of this.#waiting.toReversed()) {
      if (earlier.clockMs > clockMs + ROLLOVER_MS) day -= DAY_MS;
      [earlier.dayMs, clockMs] = [day, earlier.clockMs];
    }
    return [...this.#waiting.splice(0), fix];
  }

  /** Midnight (UTC) of a fix's day, epoch ms; null where nothing tells it. */
  dayOf({ dayMs, clockMs, received }: Fix): number | null {
    if (Number.isNaN(clockMs)) return null;
    if (dayMs !== null) return dayMs;
    if (Number.isNaN(this.lastMs)) return received === undefined ? null : nearestDay(clockMs, received);
    const lastDayMs = Math.floor(this.lastMs / DAY_MS) * DAY_MS;
    return clockMs < this.lastMs - lastDayMs - ROLLOVER_MS ? lastDayMs + DAY_MS : lastDayMs;
  }

  /** The fixes that no date came for. */
  end(): Fix[] {
    return this.#waiting.splice(0);
  }
}

/** The day on which a time of day is nearest to the time of reception. */
function nearestDay(clockMs: number, received: string): number | null {
  const ms = timeMsOf(/(?:Z|[+-]\d\d:\d\d)$/.test(received) ? received : `${received}Z`);
  return Number.isNaN(ms) ? null : Math.round((ms - clockMs) / DAY_MS) * DAY_MS;
}
