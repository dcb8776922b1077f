import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { feature } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import countriesUrl from 'world-atlas/countries-50m.json?url';
import { rgba, token } from '../ui/colours.ts';

type Features = GeoJSON.FeatureCollection;

/** Nothing to draw yet. */
export const nothing: Features = { type: 'FeatureCollection', features: [] };

/** Names are drawn with the fonts of this machine: the style names no glyph server, so it works without a network. */
export const fonts = [
  'Noto Sans',
  'Segoe UI',
  'Roboto',
  'Helvetica Neue',
  'DejaVu Sans',
  'Arial',
  'sans-serif',
];

/** The countries of the world (Natural Earth, 1:50 million); an asset of the page, fetched once. */
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
 * A ring without jumps from one edge of the world to the other: world-atlas leaves rings uncut at the antimeridian, for maps
 * on a sphere. It may go beyond 180 degrees, which MapLibre wraps; a ring around a pole is closed along it.
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

/** The page's own quiet map in the colours of the theme: countries, and the streets of the demo if there are any. */
export function offlineStyle(world: Features, streets: Features): StyleSpecification {
  const colour = (name: string, alpha = 1): string => rgba(token(`map-${name}`), alpha);
  const kind = (...kinds: string[]): ExpressionSpecification => ['in', ['get', 'kind'], ['literal', kinds]];
  const width = (at12: number, at16: number): ExpressionSpecification =>
    ['interpolate', ['exponential', 1.6], ['zoom'], 11, at12 / 2, 13, at12, 16, at16, 19, at16 * 4]; // prettier-ignore
  const isPoint: ExpressionSpecification = ['==', ['geometry-type'], 'Point'];
  const major = kind('avenue', 'boulevard', 'bridge');
  const minor = kind('street');
  const area = (name: string): LayerSpecification => ({
    ...{
      id: name,
      type: 'fill',
      source: 'streets',
      filter: ['all', ['==', ['geometry-type'], 'Polygon'], kind(name)],
    },
    paint: { 'fill-color': colour(name) },
  });
  const line = (
    id: string,
    of: ExpressionSpecification,
    paint: string,
    at12: number,
    at16: number,
  ): LayerSpecification => ({
    ...{
      id,
      type: 'line',
      source: 'streets',
      filter: ['all', ['==', ['geometry-type'], 'LineString'], of],
    },
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour(paint), 'line-width': width(at12, at16) },
  });
  const label = (
    id: string,
    filter: ExpressionSpecification,
    placement: 'line' | 'point',
    minzoom: number,
  ): LayerSpecification => ({
    ...{ id, type: 'symbol', source: 'streets', minzoom, filter },
    layout: {
      'text-field': ['coalesce', ['get', 'name'], ''],
      'text-font': fonts,
      'text-size': 11,
      'symbol-placement': placement,
      'symbol-spacing': 400,
      ...(placement === 'point' && {
        'text-offset': [0, 0.9] as [number, number],
        'text-anchor': 'top' as const,
      }),
    },
    paint: { 'text-color': colour('label'), 'text-halo-color': colour('halo'), 'text-halo-width': 1.2 },
  });
  return {
    version: 8,
    sources: {
      world: { type: 'geojson', data: world, attribution: 'Natural Earth' },
      grid: { type: 'geojson', data: nothing },
      streets: { type: 'geojson', data: streets },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': colour('water') } },
      {
        id: 'land',
        type: 'fill',
        source: 'world',
        paint: { 'fill-color': colour('land'), 'fill-antialias': true },
      },
      { id: 'grid', type: 'line', source: 'grid', paint: { 'line-color': colour('grid'), 'line-width': 1 } },
      {
        id: 'borders',
        type: 'line',
        source: 'world',
        paint: { 'line-color': colour('border'), 'line-width': 1 },
      },
      ...['park', 'depot', 'water'].map(area),
      line('minor-casing', minor, 'casing', 2.6, 9),
      line('major-casing', major, 'casing', 4.6, 14),
      line('minor', minor, 'street', 1.6, 7),
      line('major', major, 'avenue', 3.2, 11.5),
      {
        ...{
          id: 'depots',
          type: 'circle',
          source: 'streets',
          minzoom: 12,
          filter: ['all', isPoint, kind('depot')],
        },
        paint: {
          'circle-radius': 4,
          'circle-color': colour('depot'),
          'circle-stroke-color': colour('label'),
          'circle-stroke-width': 1,
        },
      },
      label('minor-names', minor, 'line', 14.5),
      label('major-names', major, 'line', 13),
      label('area-names', kind('park', 'water', 'depot'), 'point', 13),
      {
        ...{ id: 'country-names', type: 'symbol', source: 'world', maxzoom: 7, minzoom: 1.5 },
        layout: { 'text-field': ['get', 'name'], 'text-font': fonts, 'text-size': 11, 'text-max-width': 7 },
        paint: { 'text-color': colour('label'), 'text-halo-color': colour('halo'), 'text-halo-width': 1.2 },
      },
    ],
  };
}

/** Meridians and parallels for what is in view, some eight across: they give a sense of motion where the map is empty. */
export function graticule(west: number, south: number, east: number, north: number): Features {
  const wanted = Math.max(1e-6, (east - west) / 8);
  const power = 10 ** Math.floor(Math.log10(wanted));
  // Steps divide the circle, so that the grid meets itself where the world repeats.
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

/** The online street style, if it answers in time; else null. Its absence is normal, and blocks nothing. */
export async function onlineStyle(url: string | null): Promise<StyleSpecification | null> {
  if (!url || !navigator.onLine) return null;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2500) });
    return response.ok ? ((await response.json()) as StyleSpecification) : null;
  } catch {
    return null;
  }
}
