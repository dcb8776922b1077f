import { dateOf, short, timeOfDay } from './format.ts';
import type { Settings } from './settings.svelte.ts';
import { viewerZone, TimeZone } from './time-zone.ts';

/** How many of it make one metre per second. */
export const SPEEDS = { 'm/s': 1, 'km/h': 3.6, mph: 3600 / 1609.344, kn: 3600 / 1852 } as const;
/** How many of it make one metre; and what a thousand or so of them are called. */
export const LENGTHS = {
  m: { perMetre: 1, large: 'km', perLarge: 1000 },
  ft: { perMetre: 1 / 0.3048, large: 'mi', perLarge: 5280 },
} as const;

export type SpeedUnit = keyof typeof SPEEDS;
export type LengthUnit = keyof typeof LENGTHS;

/** Numbers and moments in the units and the time zone that the person chose. What it takes is in m, m/s and ms since 1970. */
export class Units {
  readonly #settings: Settings;
  readonly #zoneOfData: () => string | undefined;
  /** The zone that moments are told in. */
  readonly zone = $derived.by(() => {
    const { zone } = this.#settings.kept;
    return new TimeZone(
      zone === 'viewer' ? viewerZone() : zone === 'data' ? (this.#zoneOfData() ?? 'UTC') : 'UTC',
    );
  });

  /** `zoneOfData` answers the zone that the chosen recording was read in. */
  constructor(settings: Settings, zoneOfData: () => string | undefined) {
    this.#settings = settings;
    this.#zoneOfData = zoneOfData;
  }

  /** The zone that the chosen recording was read in; undefined where nothing tells. */
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
  /** `2019-12-24`. */
  date = (ms: number): string => dateOf(ms + this.zone.offsetMs(ms));
  /** `UTC`, `UTC+1`. */
  zoneLabel = (ms: number): string => this.zone.label(ms);
}
