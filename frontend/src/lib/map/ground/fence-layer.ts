import type { GeoJSONSource, Map as BaseMap } from 'maplibre-gl';
import { rgba, token } from '../../ui/colours.ts';
import { fonts } from './basemap.ts';
import { FenceHandles } from './fence-handles.ts';
import type { Fence, FenceDraft } from '../fence-shapes.ts';
import type { Fences } from '../fences.svelte.ts';

const SOURCE = 'fences';
const WORLD_PX = 512;
const NAME_PX = 40;

/** Draws the fences on the ground, and the handles of the one that is being changed. */
export class FenceLayer {
  readonly #map: BaseMap;
  readonly #fences: Fences;
  readonly #handles: FenceHandles;
  readonly #isStyled: () => boolean;

  /** `isStyled`: whether the map has loaded its style, and can take more layers. */
  constructor(map: BaseMap, fences: Fences, isStyled: () => boolean) {
    this.#map = map;
    this.#fences = fences;
    this.#handles = new FenceHandles(map, fences);
    this.#isStyled = isStyled;
  }

  draw(): void {
    const { list, draft } = this.#fences;
    if (this.#isStyled()) {
      const data = featuresOf(list, draft);
      const source = this.#map.getSource<GeoJSONSource>(SOURCE);
      if (source) void source.setData(data);
      else addLayers(this.#map, data);
    }
    this.#handles.show();
  }
}

/** The fences as areas with their names; the draft takes the place of its fence, without a name. */
function featuresOf(fences: readonly Fence[], draft: FenceDraft | undefined): GeoJSON.FeatureCollection {
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
      type: 'Feature',
      properties: { draft: true },
      geometry: { type: 'Polygon', coordinates: [ring] },
    });
  }
  return { type: 'FeatureCollection', features };
}

/** The lowest zoom level at which a name fits into its fence. */
function nameZoom({ coordinates }: Fence['geometry']): number {
  const longitudes = coordinates.flat(3).filter((_, i) => i % 2 === 0);
  const share = (Math.max(...longitudes) - Math.min(...longitudes)) / 360;
  return Math.ceil(Math.log2(NAME_PX / (WORLD_PX * Math.max(1e-9, share))));
}

/** Adds source and layers: a style that was just set has none. */
function addLayers(map: BaseMap, data: GeoJSON.FeatureCollection): void {
  const colour = rgba(token('map-fence'));
  map.addSource(SOURCE, { type: 'geojson', data });
  map.addLayer({
    id: 'fence-areas',
    type: 'fill',
    source: SOURCE,
    paint: { 'fill-color': colour, 'fill-opacity': ['case', ['has', 'draft'], 0.2, 0.09] },
  });
  map.addLayer({
    id: 'fence-lines',
    type: 'line',
    source: SOURCE,
    paint: { 'line-color': colour, 'line-width': 1.5, 'line-dasharray': [3, 2] },
  });
  map.addLayer({
    id: 'fence-names',
    type: 'symbol',
    source: SOURCE,
    filter: ['>=', ['zoom'], ['coalesce', ['get', 'from'], 99]],
    layout: {
      'text-field': ['coalesce', ['get', 'name'], ''],
      'text-font': fonts,
      'text-size': 11,
      'text-max-width': 8,
    },
    paint: { 'text-color': colour, 'text-halo-color': rgba(token('map-halo')), 'text-halo-width': 1.5 },
  });
}
