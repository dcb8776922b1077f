import type { PageSettings } from '../live/api.ts';
import type { Area } from '../live/area-filter.svelte.ts';
import type { Box } from '../live/geometry.ts';
import type { Announcer } from '../ui/announcer.svelte.ts';
import { MapFit, type FitParts } from './map-fit.ts';
import { MapView, type Hover } from './map-view.ts';
import { filterTexts } from './texts.ts';

interface Parts extends FitParts {
  readonly announcer: Announcer;
  readonly pageSettings: PageSettings;
  restrict(area: Area | undefined): boolean;
}

/** Pixels to keep free around a fence that is being changed. */
const FENCE_PADDING = { top: 60, right: 60, bottom: 60, left: 60 };

/** The map with its tools: fitting, drawing areas, and editing fences. Create it in a component. */
export class MapPanel {
  view = $state.raw<MapView>();
  /** Whether the browser has no WebGL. */
  failed = $state(false);
  hover = $state.raw<Hover>();
  /** The kind of area that is being drawn. */
  drawing = $state<Area['kind']>();
  /** Whether the list of fences is open. */
  fencing = $state(false);
  readonly #parts: Parts;
  #fit: MapFit | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { frame, settings, selection, cursor, filter, fences } = parts;
    $effect(() => {
      const { streets, streetStyle } = parts.pageSettings;
      void this.view?.ground.setSources(streets, streetStyle);
    });
    let { dark } = settings;
    $effect(() => {
      if (settings.dark === dark) return;
      dark = settings.dark;
      // The document has the new theme only after this round of effects.
      requestAnimationFrame(() => this.view?.recolour());
    });
    $effect(() => {
      void [selection.key, selection.follow, selection.hoverKey, settings.kept.trails];
      void [cursor.timeMs, filter.area];
      this.view?.redraw();
    });
    $effect(() => {
      void [fences.list, fences.draft];
      this.view?.fences.draw();
    });
    $effect(() => {
      void frame.slow;
      if (this.view) this.#fit?.check();
    });
  }

  /** Shows the map in an element; the returned function removes it. Returns undefined when the browser has no WebGL. */
  open(container: HTMLElement): (() => void) | undefined {
    let view: MapView;
    try {
      view = new MapView(container, this.#parts);
    } catch (error) {
      console.error(error);
      this.failed = true;
      return undefined;
    }
    view.onhover = (hover) => (this.hover = hover);
    view.ondrag = () => (this.#parts.selection.follow = false);
    this.#fit = new MapFit(view, this.#parts);
    this.view = view;
    return () => view.destroy();
  }

  fit = (): void => this.#fit?.fit();

  /** Starts drawing a box or a lasso, or cancels it. */
  draw = (kind: Area['kind']): void => {
    const { view } = this;
    if (this.drawing === kind) return view?.sketch.end();
    view?.sketch.begin(kind, (area) => {
      this.drawing = undefined;
      if (area && !this.#parts.restrict(area)) this.#parts.announcer.say(filterTexts.nobody);
    });
    this.drawing = kind;
  };

  /** Limits what is received to what the map shows, or ends that. */
  filterToView = (): void => {
    const { filter } = this.#parts;
    if (filter.area) return filter.clear();
    const bounds = this.view?.map.getBounds();
    if (!bounds) return;
    const [west, east] = [bounds.getWest(), bounds.getEast()];
    const isWholeWorld = east - west >= 360;
    const box: Box = [
      isWholeWorld ? -180 : wrapped(west),
      bounds.getSouth(),
      isWholeWorld ? 180 : wrapped(east),
      bounds.getNorth(),
    ];
    this.#parts.restrict({ kind: 'box', box });
  };

  /** Opens or closes the list of fences. */
  toggleFences = (): void => {
    const { fences } = this.#parts;
    if (!fences.known) return;
    this.fencing = !this.fencing;
    if (!this.fencing) fences.cancel();
  };

  /** Begins a new fence in the middle of the map, as large as a share of what it shows. */
  beginFence(share: number): void {
    const { view } = this;
    if (!view) return;
    const bounds = view.map.getBounds();
    const { lng, lat } = view.map.getCenter();
    const [width, height] = [bounds.getEast() - bounds.getWest(), bounds.getNorth() - bounds.getSouth()];
    this.#parts.fences.begin([lng, lat], width * share, height * share);
  }

  /** Begins to change a fence, and brings all of it into view. */
  editFence(id: string): void {
    const { fences } = this.#parts;
    fences.edit(id);
    const ring = fences.draft?.ring ?? [];
    const bounds = this.view?.map.getBounds();
    if (!bounds || ring.every((at) => bounds.contains([at[0], at[1]]))) return;
    const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
    this.view?.show([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], FENCE_PADDING);
  }
}

/** A longitude within -180..180 degrees. */
const wrapped = (longitude: number): number => ((((longitude + 180) % 360) + 360) % 360) - 180;
