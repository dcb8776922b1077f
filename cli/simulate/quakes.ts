import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { failure } from '../../core/problems/errors.ts';

/** An earthquake (or a blast) as the USGS reported it. */
export interface Quake {
  /** ISO 8601 with milliseconds, UTC. */
  time: string;
  id: string;
  /** What follows the last comma of the place, states and countries spelled out: the subject. */
  region: string;
  place: string;
  magnitude: number;
  depth_km: number;
  latitude: number;
  longitude: number;
  /** The seismic network that located it, e.g. ci, ak, us. */
  network: string;
  /** earthquake, explosion or quarry blast. */
  type: string;
}

export interface QuakesTruth {
  kind: 'quakes';
  source: string;
  licence: string;
  records: number;
  /** Rows without coordinates, time or magnitude, left out. */
  dropped: number;
  start: string | null;
  end: string | null;
  regions: Record<string, number>;
}

interface Row {
  id: string;
  properties: { mag: number | null; place: string | null; time: number | null; net: string; type: string };
  geometry: { coordinates: (number | null)[] } | null;
}

const SPELLED_OUT: Readonly<Record<string, string>> = { CA: 'California', NV: 'Nevada', MX: 'Mexico' };

/**
 * A week of the world's earthquakes, real ones (31 January to 7 February 2018), from the copy of the USGS feed in the
 * package vega-datasets; in time order.
 * @throws failure when the package is not installed
 */
export function readQuakes(): { quakes: Quake[]; truth: QuakesTruth } {
  const { features } = JSON.parse(dataset()) as { features: Row[] };
  const found = features
    .flatMap((row) => quake(row) ?? [])
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const regions: Record<string, number> = {};
  for (const { region } of found) regions[region] = (regions[region] ?? 0) + 1;
  const truth: QuakesTruth = {
    kind: 'quakes',
    source: 'USGS Earthquake Hazards Program, all_week feed, through vega-datasets',
    licence: 'U.S. public domain; the collection BSD-3-Clause',
    records: found.length,
    dropped: features.length - found.length,
    start: found[0]?.time ?? null,
    end: found.at(-1)?.time ?? null,
    regions,
  };
  return { quakes: found, truth };
}

/** One row of the feed; null if it can't be put on a map. */
export function quake({ id, properties, geometry }: Row): Quake | null {
  const [longitude, latitude, depth_km] = geometry?.coordinates ?? [];
  const { mag: magnitude, time } = properties;
  if (![longitude, latitude, depth_km, magnitude, time].every(Number.isFinite)) return null;
  const place = properties.place ?? 'unknown';
  const region = place.slice(place.lastIndexOf(', ') + 1).trim();
  return {
    time: new Date(time as number).toISOString(),
    id,
    region: SPELLED_OUT[region] ?? region,
    place,
    magnitude: magnitude as number,
    depth_km: depth_km as number,
    latitude: latitude as number,
    longitude: longitude as number,
    network: properties.net,
    type: properties.type,
  };
}

function dataset(): string {
  try {
    const entry = createRequire(import.meta.url).resolve('vega-datasets');
    return readFileSync(join(dirname(entry), '../data/earthquakes.json'), 'utf8');
  } catch (cause) {
    throw failure('dataset_missing', "Can't read the earthquakes of the package vega-datasets.", {
      hint: 'Install the development dependencies too: npm install --include=dev',
      cause,
    });
  }
}
