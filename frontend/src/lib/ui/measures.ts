/** For each unit of speed: how many of it make one metre per second. */
export const SPEEDS = { 'm/s': 1, 'km/h': 3.6, mph: 3600 / 1609.344, kn: 3600 / 1852 } as const;

/** For each unit of length: how many of it make one metre, its larger unit, and how many of it make one of those. */
export const LENGTHS = {
  m: { perMetre: 1, large: 'km', perLarge: 1000 },
  ft: { perMetre: 1 / 0.3048, large: 'mi', perLarge: 5280 },
} as const;

/** A unit of speed. */
export type SpeedUnit = keyof typeof SPEEDS;
/** A unit of length. */
export type LengthUnit = keyof typeof LENGTHS;
