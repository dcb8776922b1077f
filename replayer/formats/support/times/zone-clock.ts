import { IANAZone } from 'luxon';
import { refusal } from '../../../../core/problems/errors.ts';
import { DAY_MS } from './calendar.ts';

/** A change of a zone's clocks: at `atMs` (epoch ms) they go from one offset to another, both in ms east of UTC. */
export interface ClockChange {
  atMs: number;
  beforeMs: number;
  afterMs: number;
}

/** Days that are remembered: more than a recording of two centuries has. */
const DAYS_MAX = 100_000;
const FIXED = /^(?:utc|gmt)?(?:([+-])(\d{1,2})(?::?(\d{2}))?)?$/i;
const clocks = new Map<string, ZoneClock>();

/** The clock of a zone, made once. `zone`: an IANA name, `UTC`, or an offset such as `UTC+2` or `+05:30`. @throws refusal for any other */
export function zoneClock(zone: string): ZoneClock {
  let clock = clocks.get(zone);
  if (!clock) clocks.set(zone, (clock = new ZoneClock(zone)));
  return clock;
}

/** Whether clocks of this zone can be read. */
export function isZone(zone: string): boolean {
  return (zone !== '' && FIXED.test(zone)) || IANAZone.isValidZone(zone);
}

/** Turns what the clocks of a zone show into instants. Asks Intl once for each day, because that takes microseconds. */
export class ZoneClock {
  readonly zone: string;
  /** The only offset of the zone, ms; null if it changes. */
  readonly fixedMs: number | null;
  readonly #iana: IANAZone | null;
  readonly #offsets = new Map<number, number>();
  readonly #changes = new Map<number, ClockChange | null>();

  constructor(zone: string) {
    this.zone = zone;
    const fixed = zone === '' ? null : FIXED.exec(zone);
    if (!fixed && !IANAZone.isValidZone(zone)) {
      throw refusal('time_zone_unknown', `"${zone}" is not a time zone.`, {
        hint: 'Write an IANA name such as Europe/Berlin, or UTC.',
      });
    }
    const minutes = fixed ? Number(fixed[2] ?? 0) * 60 + Number(fixed[3] ?? 0) : 0;
    this.fixedMs = fixed ? minutes * (fixed[1] === '-' ? -60_000 : 60_000) : null;
    this.#iana = fixed ? null : IANAZone.create(zone);
  }

  /** How far the clocks are ahead of UTC at an instant, ms. */
  offsetMs(timeMs: number): number {
    if (this.fixedMs !== null) return this.fixedMs;
    const day = Math.floor(timeMs / DAY_MS);
    const change = this.changeIn(day);
    if (!change) return this.#offsetOfDay(day);
    return timeMs < change.atMs ? change.beforeMs : change.afterMs;
  }

  /** The instant at which the clocks show this, the first one where they show it twice; NaN if they never do. `wallMs`: as if in UTC. */
  instantMs(wallMs: number): number {
    if (this.fixedMs !== null) return wallMs - this.fixedMs;
    const earlierMs = this.offsetMs(wallMs - DAY_MS);
    const laterMs = this.offsetMs(wallMs + DAY_MS);
    if (earlierMs === laterMs) return wallMs - earlierMs;
    const first = wallMs - Math.max(earlierMs, laterMs);
    if (first + this.offsetMs(first) === wallMs) return first;
    const second = wallMs - Math.min(earlierMs, laterMs);
    return second + this.offsetMs(second) === wallMs ? second : NaN;
  }

  /** The change of clocks in a UTC day (days since 1970); null if there is none. */
  changeIn(day: number): ClockChange | null {
    if (this.fixedMs !== null) return null;
    const known = this.#changes.get(day);
    if (known !== undefined) return known;
    const beforeMs = this.#offsetOfDay(day);
    const afterMs = this.#offsetOfDay(day + 1);
    let change: ClockChange | null = null;
    if (beforeMs !== afterMs) {
      let [low, high] = [day * DAY_MS, (day + 1) * DAY_MS];
      // Clocks change at whole seconds.
      while (high - low > 1_000) {
        const middle = Math.floor((low + high) / 2_000) * 1_000;
        if (this.#ask(middle) === beforeMs) low = middle;
        else high = middle;
      }
      change = { atMs: high, beforeMs, afterMs };
    }
    if (this.#changes.size >= DAYS_MAX) this.#changes.clear();
    this.#changes.set(day, change);
    return change;
  }

  #offsetOfDay(day: number): number {
    let offset = this.#offsets.get(day);
    if (offset === undefined) {
      if (this.#offsets.size >= DAYS_MAX) this.#offsets.clear();
      this.#offsets.set(day, (offset = this.#ask(day * DAY_MS)));
    }
    return offset;
  }

  #ask(timeMs: number): number {
    return Math.round(this.#iana!.offset(timeMs) * 60_000);
  }
}
