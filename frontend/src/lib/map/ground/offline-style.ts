import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';
import { rgba, token } from '../../ui/colours.ts';
import { fonts, nothing, type Features } from './basemap.ts';

/** The style of the page's own map, in the colours of the theme: countries, and the demo's streets if there are any. */
export function offlineStyle(world: Features, streets: Features): StyleSpecification {
  const colour = (name: string, alpha = 1): string => rgba(token(`map-${name}`), alpha);
  const kind = (...kinds: string[]): ExpressionSpecification => ['in', ['get', 'kind'], ['literal', kinds]];
  const width = (at12: number, at16: number): ExpressionSpecification =>
    ['interpolate', ['exponential', 1.6], ['zoom'], 11, at12 / 2, 13, at12, 16, at16, 19, at16 * 4]; // prettier-ignore
  const isPoint: ExpressionSpecification = ['==', ['geometry-type'], 'Point'];
  const major = kind('avenue', 'boulevard', 'bridge');
  const minor = kind('street');
  const area = (name: string): LayerSpecification => ({
    id: name,
    type: 'fill',
    source: 'streets',
    filter: ['all', ['==', ['geometry-type'], 'Polygon'], kind(name)],
    paint: { 'fill-color': colour(name) },
  });
  const line = (
    id: string,
    of: ExpressionSpecification,
    paint: string,
    at12: number,
    at16: number,
  ): LayerSpecification => ({
    id,
    type: 'line',
    source: 'streets',
    filter: ['all', ['==', ['geometry-type'], 'LineString'], of],
    layout: { 'line-cap': 'round', 'line-join': 'round' },
    paint: { 'line-color': colour(paint), 'line-width': width(at12, at16) },
  });
  const label = (
    id: string,
    filter: ExpressionSpecification,
    placement: 'line' | 'point',
    minzoom: number,
  ): LayerSpecification => ({
    id,
    type: 'symbol',
    source: 'streets',
    minzoom,
    filter,
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
        id: 'depots',
        type: 'circle',
        source: 'streets',
        minzoom: 12,
        filter: ['all', isPoint, kind('depot')],
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
        id: 'country-names',
        type: 'symbol',
        source: 'world',
        maxzoom: 7,
        minzoom: 1.5,
        layout: { 'text-field': ['get', 'name'], 'text-font': fonts, 'text-size': 11, 'text-max-width': 7 },
        paint: { 'text-color': colour('label'), 'text-halo-color': colour('halo'), 'text-halo-width': 1.2 },
      },
    ],
  };
}
