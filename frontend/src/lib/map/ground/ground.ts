import type { GeoJSONSource, Map as BaseMap, StyleSpecification } from 'maplibre-gl';
import type { Box } from '../../live/geometry.ts';
import { countries, graticule, nothing, onlineStyle } from './basemap.ts';
import { boxAround, isNear } from '../bounds.ts';
import { offlineStyle } from './offline-style.ts';

/** What lies under the movers: the page's own map with the demo's streets, or an online street map. */
export class Ground {
  /** Whether the style is loaded, and can take more layers. */
  isStyled = false;
  readonly #map: BaseMap;
  #world = nothing;
  #streets = nothing;
  #online: StyleSpecification | null = null;
  #showsOnline = false;
  /** The part of the world with the data. */
  #box: Box | undefined;

  /** `styled` is called whenever a style has been loaded. */
  constructor(map: BaseMap, styled: () => void) {
    this.#map = map;
    const drawGrid = (): void => this.#drawGrid();
    map.on('moveend', drawGrid);
    map.on('style.load', () => {
      this.#drawGrid();
      this.isStyled = true;
      styled();
    });
    void countries().then((world) => this.#setData('world', (this.#world = world)));
  }

  /** Sets the demo's streets, and the address of an online style, which is used if it answers. */
  async setSources(streets: GeoJSON.FeatureCollection | null, styleUrl: string | null): Promise<void> {
    this.#streets = streets ?? nothing;
    this.#setData('streets', this.#streets);
    this.#online ??= await onlineStyle(styleUrl);
    this.#choose();
  }

  /** Takes the colours of the current theme. */
  recolour(): void {
    if (!this.#showsOnline) this.#setStyle(offlineStyle(this.#world, this.#streets));
  }

  /** Chooses the ground for the part of the world with the data. */
  chooseFor(box: Box): void {
    this.#box = box;
    this.#choose();
  }

  /** Real data gets the online street map; the demo's invented city gets its own streets. */
  #choose(): void {
    const invented = boxAround(this.#streets);
    const online =
      this.#online !== null && this.#box !== undefined && !(invented && isNear(invented, this.#box));
    if (online === this.#showsOnline) return;
    this.#showsOnline = online;
    this.#map.getContainer().dataset.ground = online ? 'online' : 'own';
    this.#setStyle(online ? this.#online : offlineStyle(this.#world, this.#streets));
  }

  /** Replaces the style as a whole: an update by difference does not announce that it is loaded. */
  #setStyle(style: StyleSpecification | null): void {
    this.isStyled = false;
    this.#map.setStyle(style, { diff: false });
  }

  #setData(source: string, data: GeoJSON.FeatureCollection): void {
    const existing = this.#map.getSource<GeoJSONSource>(source);
    if (existing) void existing.setData(data);
    else this.#map.once('style.load', () => void this.#map.getSource<GeoJSONSource>(source)?.setData(data));
  }

  #drawGrid(): void {
    const bounds = this.#map.getBounds();
    const grid = graticule(bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth());
    void this.#map.getSource<GeoJSONSource>('grid')?.setData(grid);
  }
}
