import type { Data } from '../../../core/wire/event.ts';
import { certain, given as asGiven, guess, likely, type Decision } from '../../formats/support/decision.ts';
import { pairIn } from '../../formats/support/number-pair.ts';
import type { LiftedMember } from './lifted-members.ts';
import { normalName } from './member-names.ts';
import { memberReader } from './member-path.ts';
import { NAMELESS } from './time-candidates.ts';

/** Where one coordinate of a fix is. */
export type CoordinateSource = Omit<LiftedMember, 'member'>;

/** Where the coordinates of a fix are. */
export interface CoordinateSources {
  latitude: CoordinateSource;
  longitude: CoordinateSource;
}

const LATITUDE = /^(?:(.*)_)?(?:lat|latitude|latitud|latitudine|breitengrad)(?:_(.*))?$/;
const LONGITUDE = /^(?:(.*)_)?(?:lon|lng|long|longitude|longitud|longitudine|l(?:ä|ae)ngengrad)(?:_(.*))?$/;
/** Prefixes and suffixes of coordinates that mean "of the fix itself"; others, such as `pickup_lat`, may be one of several. */
const PLAIN_AFFIXES = ['', 'gps', 'location', 'loc', 'position', 'pos', 'geo', 'point', 'wgs84', 'y', 'x'];
const DEGREES: { [unit: string]: number } = { e7: 1e-7, e6: 1e-6 };
/** Names of members that hold both coordinates, the likelier first. */
const PAIR_NAMES = [
  ...[
    'coordinates',
    'location',
    'loc',
    'position',
    'pos',
    'point',
    'geo_point',
    'lonlat',
    'lon_lat',
    'lnglat',
  ],
  ...[
    'lng_lat',
    'latlon',
    'lat_lon',
    'latlng',
    'lat_lng',
    'coords',
    'coord',
    'gps',
    'geom',
    'geometry',
    'geo',
  ],
];
const MOSTLY = 0.5;

/**
 * Finds the coordinates of fixes: two columns or nested members with names of latitude and longitude, or one member that
 * holds both as `[longitude, latitude]` or as a text such as `48.1, 11.5`. Null where there are none.
 */
export function findCoordinates(
  sample: readonly Data[],
  paths: readonly string[],
  given: { latitude?: string; longitude?: string },
): Decision<CoordinateSources> | null {
  if (given.latitude !== undefined || given.longitude !== undefined) {
    const found = findTwo(sample, paths)?.value;
    const source = (member: 'latitude' | 'longitude') =>
      given[member] === undefined ? (found?.[member] ?? { path: member }) : { path: given[member] };
    return asGiven({ latitude: source('latitude'), longitude: source('longitude') });
  }
  return findTwo(sample, paths) ?? findPair(sample, paths) ?? findNameless(sample, paths);
}

/**
 * Why there are no coordinates although columns are named like them: their values are not degrees. Null where no columns
 * are named so.
 */
export function unreadCoordinates(sample: readonly Data[], paths: readonly string[]): string | null {
  const looked = (pattern: RegExp) =>
    paths.flatMap((path) => {
      const value = sample.map(memberReader(path)).find((each) => each !== undefined && each !== null);
      return pattern.test(normalName(path).name) && /^(?:string|number)$/.test(typeof value)
        ? [{ path, value }]
        : [];
    })[0];
  const [latitude, longitude] = [looked(LATITUDE), looked(LONGITUDE)];
  if (!latitude || !longitude) return null;
  const texts = [latitude, longitude].map(
    ({ path, value }) => `${path} (${JSON.stringify(value).slice(0, 40)})`,
  );
  return `${texts.join(' and ')} are named like coordinates and do not hold degrees`;
}

interface Found {
  path: string;
  parent: string;
  affix: string;
  factor: number | undefined;
}

function findTwo(sample: readonly Data[], paths: readonly string[]): Decision<CoordinateSources> | null {
  const latitudes = named(sample, paths, LATITUDE, 90);
  const longitudes = named(sample, paths, LONGITUDE, 180);
  const pairs = latitudes.flatMap((latitude) => {
    const fits = longitudes.filter(({ parent }) => parent === latitude.parent);
    const longitude =
      fits.find(({ affix }) => affix === latitude.affix) ?? (fits.length === 1 ? fits[0] : undefined);
    return longitude ? [{ latitude, longitude, rank: rankOf(latitude) }] : [];
  });
  const [first, second] = pairs.sort((a, b) => a.rank - b.rank);
  if (!first) return null;
  const value = { latitude: sourceOf(first.latitude), longitude: sourceOf(first.longitude) };
  const because = `${first.latitude.path} and ${first.longitude.path} hold degrees`;
  if (!second) return certain(value, because);
  const instead = {
    value: { latitude: sourceOf(second.latitude), longitude: sourceOf(second.longitude) },
    because: `${second.latitude.path} and ${second.longitude.path} do as well`,
  };
  return (second.rank === first.rank ? guess : likely)(value, because, instead);
}

const sourceOf = ({ path, factor }: Found): CoordinateSource => ({
  path,
  ...(factor !== undefined && { factor }),
});

/** Plain names before others, and shallow ones before nested ones. */
function rankOf({ path, affix }: Found): number {
  return (PLAIN_AFFIXES.includes(affix) ? 0 : 100) + path.split('.').length * 10 + (affix === '' ? 0 : 1);
}

function named(sample: readonly Data[], paths: readonly string[], pattern: RegExp, limit: number): Found[] {
  return paths.flatMap((path) => {
    const { name, unit } = normalName(path);
    const match = pattern.exec(name);
    if (!match || (unit !== null && /^(?:rad|m|ft)/.test(unit))) return [];
    const factor = unit === null ? undefined : DEGREES[unit];
    const values = sample.map(memberReader(path)).filter((value) => value !== undefined && value !== null);
    const inRange = values.filter((value) => Math.abs(numberOf(value) * (factor ?? 1)) <= limit).length;
    if (inRange === 0 || inRange < values.length * MOSTLY) return [];
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
    return [{ path, parent, affix: match[1] ?? match[2] ?? '', factor }];
  });
}

/** In a table without names: the only two columns of fractions side by side that are within the ranges of degrees. */
function findNameless(sample: readonly Data[], paths: readonly string[]): Decision<CoordinateSources> | null {
  if (!paths.every((path) => NAMELESS.test(path))) return null;
  const fits = (path: string, limit: number) => {
    const values = sample.map((row) => numberOf(row[path]));
    return (
      values.every((value) => Math.abs(value) <= limit) &&
      values.some((value) => !Number.isInteger(value) && /\.\d{3}/.test(String(value)))
    );
  };
  const pairs = paths.flatMap((first, i) => {
    const second = paths[i + 1];
    return second !== undefined && fits(first, 180) && fits(second, 180) ? [[first, second] as const] : [];
  });
  const [pair] = pairs;
  if (!pair || pairs.length > 1) return null;
  const [first, second] = pair.map((path) => ({ path })) as [CoordinateSource, CoordinateSource];
  const latitudeFirst = { latitude: first, longitude: second };
  const longitudeFirst = { longitude: first, latitude: second };
  const [isLatitude, isOther] = [fits(pair[0], 90), fits(pair[1], 90)];
  if (!isLatitude && !isOther) return null;
  const because = `${pair.join(' and ')} hold fractions that could be degrees`;
  if (isLatitude !== isOther) return guess(isLatitude ? latitudeFirst : longitudeFirst, because);
  return guess(latitudeFirst, because, {
    value: longitudeFirst,
    because: 'the other order would fit as well',
  });
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
}

function findPair(sample: readonly Data[], paths: readonly string[]): Decision<CoordinateSources> | null {
  const candidates = paths
    .filter((path) => !/^\d+$/.test(path.slice(path.lastIndexOf('.') + 1)))
    .map((path) => ({ path, rank: PAIR_NAMES.indexOf(normalName(path).name) }))
    .filter(({ rank }) => rank !== -1)
    // Twitter's `geo.coordinates` has another order than its `coordinates.coordinates`, which is preferred.
    .sort((a, b) => Number(/^geo\b/.test(a.path)) - Number(/^geo\b/.test(b.path)) || a.rank - b.rank);
  for (const { path } of candidates) {
    const values = sample.map(memberReader(path)).filter((value) => value !== undefined && value !== null);
    const found = arraysAt(sample, path, values) ?? textsAt(path, values);
    if (found) return found;
  }
  return null;
}

/** Arrays of two or three numbers, as GeoJSON has them. */
function arraysAt(
  sample: readonly Data[],
  path: string,
  values: unknown[],
): Decision<CoordinateSources> | null {
  const pairs = values.filter(
    (value): value is number[] =>
      Array.isArray(value) &&
      value.length >= 2 &&
      value.length <= 3 &&
      value.every((item) => typeof item === 'number'),
  );
  if (pairs.length === 0 || pairs.length < values.length * MOSTLY) return null;
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
  const isPoint = sample.some(
    (row) => memberReader(parent === '' ? 'type' : `${parent}.type`)(row) === 'Point',
  );
  const at = (index: 0 | 1): CoordinateSource => ({ path: `${path}.${index}` });
  const isTwitters = isPoint && parent === 'geo' && Object.hasOwn(sample[0] ?? {}, 'coordinates');
  if (isPoint && !isTwitters)
    return certain({ longitude: at(0), latitude: at(1) }, `${path} is a GeoJSON point: longitude, latitude`);
  return ordered(path, pairs as [number, number][], at);
}

function textsAt(path: string, values: unknown[]): Decision<CoordinateSources> | null {
  const pairs = values.map(pairIn).filter((pair) => pair !== null);
  if (pairs.length === 0 || pairs.length < values.length * MOSTLY) return null;
  const at = (index: 0 | 1): CoordinateSource => ({ path, take: index === 0 ? 'first' : 'second' });
  const text = String(values.find((value) => pairIn(value)));
  if (/point/i.test(text))
    return certain(
      { longitude: at(0), latitude: at(1) },
      `${JSON.stringify(text)} is WKT: longitude, latitude`,
    );
  if (/geo:|°/i.test(text))
    return certain({ latitude: at(0), longitude: at(1) }, `${JSON.stringify(text)} is latitude, longitude`);
  return ordered(path, pairs, at, 'latitude');
}

/** Which number of a pair is the latitude: by the member's name, by values beyond 90, else by custom. */
function ordered(
  path: string,
  pairs: readonly [number, number][],
  at: (index: 0 | 1) => CoordinateSource,
  custom: 'latitude' | 'longitude' = 'longitude',
): Decision<CoordinateSources> | null {
  const outside = (index: 0 | 1, limit: number) => pairs.some((pair) => Math.abs(pair[index]) > limit);
  if (outside(0, 180) || outside(1, 180) || (outside(0, 90) && outside(1, 90))) return null;
  const latitudeFirst = { latitude: at(0), longitude: at(1) };
  const longitudeFirst = { longitude: at(0), latitude: at(1) };
  const { name } = normalName(path);
  if (/^lat/.test(name)) return certain(latitudeFirst, `${path} says so`);
  if (/^(?:lon|lng)/.test(name)) return certain(longitudeFirst, `${path} says so`);
  if (outside(0, 90)) return certain(longitudeFirst, `the first number of ${path} goes beyond 90`);
  if (outside(1, 90)) return certain(latitudeFirst, `the second number of ${path} goes beyond 90`);
  const [value, other] =
    custom === 'latitude' ? [latitudeFirst, longitudeFirst] : [longitudeFirst, latitudeFirst];
  return guess(value, `${path} is taken as ${Object.keys(value).join(', ')}`, {
    value: other,
    because: 'the other order would fit as well',
  });
}
