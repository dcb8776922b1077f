import type { StyleSpecification } from 'maplibre-gl';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import countriesUrl from 'world-atlas/countries-50m.json?url';

/** Features of a GeoJSON map. */
export type Features = GeoJSON.FeatureCollection;

/** An empty map. */
export const nothing: Features = { type: 'FeatureCollection', features: [] };

/** Fonts for names, taken from this computer: the style needs no glyph server, and so no network. */
export const fonts = [
  'Noto Sans',
  'Segoe UI',
  'Roboto',
  'Helvetica Neue',
  'DejaVu Sans',
  'Arial',
  'sans-serif',
];

/** Loads the countries of the world (Natural Earth, 1:50 million), an asset of the page. */
export async function countries(): Promise<Features> {
  const topology = (await (await fetch(countriesUrl)).json()) as Topology<{ countries: GeometryCollection }>;
  const { features } = feature(topology, topology.objects.countries) as Features;
  for (const { geometry } of features) {
    if (geometry.type === 'Polygon') geometry.coordinates = geometry.coordinates.map(unwrap);
    if (geometry.type === 'MultiPolygon')
      geometry.coordinates = geometry.coordinates.map((rings) => rings.map(unwrap));
  }
  return { type: 'FeatureCollection', features };
}

/**
 * Removes jumps of a ring from one edge of the world to the other: world-atlas does not cut rings at the antimeridian. The
 * result may go beyond 180 degrees, which MapLibre wraps; a ring around a pole is closed along the pole.
 */
function unwrap(ring: GeoJSON.Position[]): GeoJSON.Position[] {
  let last = ring[0]?.[0] ?? 0;
  const flat = ring.map(([longitude = 0, latitude = 0]) => {
    last = longitude + 360 * Math.round((last - longitude) / 360);
    return [last, latitude];
  });
  const first = flat[0] as [number, number];
  if (Math.abs(last - first[0]) < 180) return flat;
  const pole = Math.sign(first[1]) * 90;
  return [...flat, [last, pole], [first[0], pole], first];
}

/** Meridians and parallels for the visible part, about eight across: they make motion visible where the map is empty. */
export function graticule(west: number, south: number, east: number, north: number): Features {
  const wanted = Math.max(1e-6, (east - west) / 8);
  const power = 10 ** Math.floor(Math.log10(wanted));
  // Large steps divide the circle, so that the grid closes where the world repeats.
  const steps = wanted > 5 ? [10, 15, 30, 45, 90] : [1, 2, 5, 10].map((n) => n * power);
  const step = steps.find((n) => n >= wanted) ?? 90;
  const lines: GeoJSON.Position[][] = [];
  const top = Math.min(85, north + step);
  const bottom = Math.max(-85, south - step);
  for (let x = Math.floor(west / step - 1) * step; x <= east + step; x += step) lines.push([[x, bottom], [x, top]]); // prettier-ignore
  for (let y = Math.ceil(bottom / step) * step; y <= top; y += step) lines.push([[west - step, y], [east + step, y]]); // prettier-ignore
  return {
    type: 'FeatureCollection',
    features: [
      { type: 'Feature', properties: {}, geometry: { type: 'MultiLineString', coordinates: lines } },
    ],
  };
}

/** Loads the online street style; null when it does not answer in time, which is normal without a network. */
export async function onlineStyle(url: string | null): Promise<StyleSpecification | null> {
  if (!url || !navigator.onLine) return null;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2500) });
    return response.ok ? ((await response.json()) as StyleSpecification) : null;
  } catch {
    return null;
  }
}
