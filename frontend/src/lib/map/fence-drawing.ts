import type { GeoJSONSource, Map as BaseMap } from 'maplibre-gl';
import { rgba, token } from '../ui/colours.ts';
import type { FenceDraft, Fence } from './fences.svelte.ts';
import { fonts } from './basemap.ts';

const SOURCE = 'fences';
const WORLD_PX = 512;
const NAME_PX = 40;

/** Draws fences on the ground: each an area with its name, the one that is being changed without its name and stronger. */
export function drawFences(map: BaseMap, fences: readonly Fence[], draft: FenceDraft | undefined): void {
  const features: GeoJSON.Feature[] = fences
    .filter(({ id }) => id !== draft?.id)
    .map(({ name, geometry }) => ({
      type: 'Feature',
      properties: { name, from: nameZoom(geometry) },
      geometry,
    }));
  if (draft) {
    const ring = [...draft.ring, draft.ring[0] as (typeof draft.ring)[0]].map(([x, y]) => [x, y]);
    features.push({
      ...{ type: 'Feature', properties: { draft: true }, geometry: { type: 'Polygon', coordinates: [ring] } },
    });
  }
  const data: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features };
  const source = map.getSource<GeoJSONSource>(SOURCE);
  if (source) void source.setData(data);
  else addLayers(map, data);
}

/** The zoom level from which on a name has room in its fence. */
function nameZoom({ coordinates }: Fence['geometry']): number {
  const longitudes = coordinates.flat(3).filter((_, i) => i % 2 === 0);
  const share = (Math.max(...longitudes) - Math.min(...longitudes)) / 360;
  return Math.ceil(Math.log2(NAME_PX / (WORLD_PX * Math.max(1e-9, share))));
}

/** A style that was just set knows nothing of fences. */
function addLayers(map: BaseMap, data: GeoJSON.FeatureCollection): void {
  const colour = token('map-fence');
  map.addSource(SOURCE, { type: 'geojson', data });
  map.addLayer({
    ...{ id: 'fence-areas', type: 'fill', source: SOURCE },
    paint: { 'fill-color': rgba(colour), 'fill-opacity': ['case', ['has', 'draft'], 0.2, 0.09] },
  });
  map.addLayer({
    ...{ id: 'fence-lines', type: 'line', source: SOURCE },
    paint: { 'line-color': rgba(colour), 'line-width': 1.5, 'line-dasharray': [3, 2] },
  });
  map.addLayer({
    ...{
      id: 'fence-names',
      type: 'symbol',
      source: SOURCE,
      filter: ['>=', ['zoom'], ['coalesce', ['get', 'from'], 99]],
    },
    layout: {
      'text-field': ['coalesce', ['get', 'name'], ''],
      'text-font': fonts,
      'text-size': 11,
      'text-max-width': 8,
    },
    paint: { 'text-color': rgba(colour), 'text-halo-color': rgba(token('map-halo')), 'text-halo-width': 1.5 },
  });
}
