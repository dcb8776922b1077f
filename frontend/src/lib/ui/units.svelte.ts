import { dateOf, short, timeOfDay } from './format.ts';
import { LENGTHS, SPEEDS, type LengthUnit, type SpeedUnit } from './measures.ts';
import type { Settings } from './settings.svelte.ts';
import type { TimeRange } from './time-range.ts';
import { viewerZone, TimeZone } from './time-zone.ts';

/** Writes numbers and times in the units and the time zone that the person chose. Takes m, m/s, and ms since 1970. */
export class Units {
  readonly #settings: Settings;
  readonly #zoneOfData: () => string | undefined;
  readonly #whole: () => TimeRange | undefined;
  /** The time zone in which times are shown. */
  readonly zone = $derived.by(() => {
    const { zone } = this.#settings.kept;
    return new TimeZone(
      zone === 'viewer' ? viewerZone() : zone === 'data' ? (this.#zoneOfData() ?? 'UTC') : 'UTC',
    );
  });

  /** Whether a time needs its date: what is shown spans days, or is not known to lie within one. */
  readonly spansDays = $derived.by(() => {
    const whole = this.#whole();
    return !whole || this.date(whole.from) !== this.date(whole.to);
  });

  /** `zoneOfData` returns the zone in which the chosen recording was read, and `whole` its times. */
  constructor(settings: Settings, zoneOfData: () => string | undefined, whole: () => TimeRange | undefined) {
    this.#settings = settings;
    this.#zoneOfData = zoneOfData;
    this.#whole = whole;
  }

  /** The zone in which the chosen recording was read; undefined while unknown. */
  get dataZone(): string | undefined {
    return this.#zoneOfData();
  }
  get speedUnit(): SpeedUnit {
    return this.#settings.kept.speedUnit;
  }
  get lengthUnit(): LengthUnit {
    return this.#settings.kept.lengthUnit;
  }
  /** Factor from m/s to the unit of speed. */
  get perMps(): number {
    return SPEEDS[this.speedUnit];
  }
  /** Factor from m to the unit of length. */
  get perMetre(): number {
    return LENGTHS[this.lengthUnit].perMetre;
  }

  /** `30.1 km/h`. */
  speed = (mps: number): string => `${short(mps * this.perMps)} ${this.speedUnit}`;

  /** `840 m`, `12.3 km`, `2,755 ft`. */
  length = (m: number): string => {
    const { perMetre, large, perLarge } = LENGTHS[this.lengthUnit];
    const size = m * perMetre;
    return Math.abs(size) >= perLarge
      ? `${short(size / perLarge)} ${large}`
      : `${short(size)} ${this.lengthUnit}`;
  };

  /** `20:21:27`. */
  time = (ms: number): string => timeOfDay(ms + this.zone.offsetMs(ms));
  /** `20:21:27`, with the date before it where what is shown spans days: `2019-12-24 20:21:27`. */
  stamp = (ms: number): string => (this.spansDays ? `${this.date(ms)} ${this.time(ms)}` : this.time(ms));
  /** `2019-12-24`. */
  date = (ms: number): string => dateOf(ms + this.zone.offsetMs(ms));
  /** `UTC`, `UTC+1`. */
  zoneLabel = (ms: number): string => this.zone.label(ms);
}
