import type { Data } from '../../../core/wire/event.ts';
import type { LiftedMember } from './lifted-members.ts';
import { normalName } from './member-names.ts';
import { memberReader } from './member-path.ts';

const SPEEDS: { [unit: string]: number } = {
  ...{ 'm/s': 1, mps: 1, m_s: 1, 'm·s-1': 1, 'm s-1': 1 },
  ...{ 'km/h': 1 / 3.6, kmh: 1 / 3.6, km_h: 1 / 3.6, kmph: 1 / 3.6, kph: 1 / 3.6 },
  ...{ mph: 0.44704, 'mi/h': 0.44704, 'ft/s': 0.3048, fps: 0.3048 },
  ...{ kn: 1852 / 3600, kt: 1852 / 3600, kts: 1852 / 3600, knot: 1852 / 3600, knots: 1852 / 3600 },
};
const LENGTHS: { [unit: string]: number } = {
  ...{ m: 1, meter: 1, meters: 1, metre: 1, metres: 1, km: 1000 },
  ...{ ft: 0.3048, feet: 0.3048 },
};
const ANGLES: { [unit: string]: number } = { '°': 1, deg: 1, degree: 1, degrees: 1, rad: 180 / Math.PI };

/** What a member of a fix may be called, and the units that a name can say. */
const MEASURES = [
  {
    member: 'speed_meters_per_second',
    names: [
      'speed_meters_per_second',
      'speed',
      'velocity',
      'ground_speed',
      'groundspeed',
      'speed_over_ground',
      'sog',
      'gs',
    ],
    units: SPEEDS,
  },
  { member: 'elevation', names: ['elevation', 'altitude', 'alt', 'ele', 'height', 'msl'], units: LENGTHS },
  {
    member: 'bearing',
    names: ['bearing', 'heading', 'course', 'cog', 'course_over_ground', 'track', 'azimuth'],
    units: ANGLES,
  },
  { member: 'accuracy', names: ['accuracy', 'horizontal_accuracy', 'acc', 'hacc'], units: LENGTHS },
];

/** The measures of fixes whose names say their unit, converted to the units of the channel `gps`. */
export interface Measures {
  lifts: LiftedMember[];
  because: string[];
  /** Columns whose unit is not known; they are left as they are. */
  unknown: string[];
}

/**
 * Finds columns such as `Speed [km/h]` or `altitude_ft` that become a member of the channel `gps` in its unit. The column
 * itself stays. `isTaken` tells which members the rows have already.
 */
export function findMeasures(
  sample: readonly Data[],
  paths: readonly string[],
  isTaken: (member: string) => boolean,
): Measures {
  const measures: Measures = { lifts: [], because: [], unknown: [] };
  for (const { member, names, units } of MEASURES) {
    if (isTaken(member)) continue;
    for (const path of paths) {
      const { name, unit } = normalName(path);
      if (!names.includes(name) || unit === null) continue;
      if (!sample.some((row) => Number.isFinite(Number(memberReader(path)(row) ?? NaN)))) continue;
      const factor = units[unit];
      if (factor === undefined) {
        measures.unknown.push(path);
        continue;
      }
      measures.lifts.push({ member, path, ...(factor !== 1 && { factor }) });
      measures.because.push(factor === 1 ? `${path} is ${member}` : `${path} is converted to ${member}`);
      break;
    }
  }
  return measures;
}
