import { MapboxOverlay } from '@deck.gl/mapbox';
import {
  AttributionControl,
  Map as BaseMap,
  ScaleControl,
  setWorkerUrl,
  type GeoJSONSource,
  type StyleSpecification,
} from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import { palette, token } from '../ui/colours.ts';
import type { LonLat } from './geo.ts';
import type { Mover, Outlier } from './movers.ts';
import type { AppState } from '../app/app-state.svelte.ts';
import { texts } from '../ui/texts.ts';
import { countries, graticule, nothing, offlineStyle, onlineStyle } from './basemap.ts';
import { boxAround, near, type Box } from './bounds.ts';
import { group, type Cluster, type Grouping } from './clusters.ts';
import { FenceHandles } from './fence-handles.ts';
import { drawFences } from './fence-drawing.ts';
import { MoverLayers, type MapScene } from './mover-layers.ts';
import { AreaSketch } from './area-sketch.ts';

/** Shares of the recording's length after which trails are gone. */
const TRAIL_SHARE = { short: 0.03, long: 0.2 };
/** Where frames are slow (no GPU), they are at least so far apart: with new data, and when it only glides. */
const SLOW = { aboveMs: 30, freshMs: 80, glideMs: 160 };

/** Chunks of trails that are drawn, and when a frame's time (ms) has fewer or more of them drawn the next time. */
const CHUNKS = { least: 2, most: 96, fewerAboveMs: 30, moreBelowMs: 20, step: 0.8 };

/** Who stands where is grouped anew so often, ms. */
const GROUP_EVERY_MS = 300;
const SIDES = { top: 60, right: 60, bottom: 60, left: 60 };
/** A click on a cluster comes so much nearer. */
const CLUSTER_ZOOM = 2;

/** Where the pointer is on a mover, on a fix that is not believed, or on a cluster. */
export interface Hover {
  x: number;
  y: number;
  mover?: Mover | undefined;
  outlier?: Outlier | undefined;
  cluster?: Cluster | undefined;
}

/** The map: MapLibre for the ground, deck.gl for what moves, one painter in the frame loop. */
export class MapView {
  /** Told when the pointer comes upon a mover or leaves it. */
  onhover: (hover: Hover | undefined) => void = () => {};
  /** Told when a person moved the map by hand. */
  onmoved: () => void = () => {};
  /** Whether somebody has chosen what is shown since the map was last shown something of itself. */
  touched = false;
  readonly map: BaseMap;
  readonly #app: AppState;
  readonly #overlay: MapboxOverlay;
  readonly #layers = new MoverLayers();
  readonly sketch: AreaSketch;
  readonly #corners: FenceHandles;
  readonly #stop: () => void;
  #look!: Pick<MapScene, 'palette' | 'halo' | 'text' | 'accent' | 'onAccent' | 'warn'>;
  #grouping: Grouping | undefined;
  #grouped = { at: -Infinity, zoom: NaN };
  #world = nothing;
  #streets = nothing;
  #online: StyleSpecification | null = null;
  /** Whether the online style is the one that is shown. */
  #shownOnline = false;
  /** Whether the style has been loaded, and can take more layers. */
  #styled = false;
  #box: Box | undefined;
  #hovered: Mover | undefined;
  #version = -1;
  #coloured = -1;
  #paintedAt = 0;
  #trailChunks: number = CHUNKS.most;
  #forced = true;
  /** Told when what moves has just been drawn, while its canvas can be read. */
  #rendered: (() => void) | undefined;

  /** @throws Error when the browser has no WebGL */
  constructor(container: HTMLElement, app: AppState) {
    this.#app = app;
    setWorkerUrl(workerUrl);
    this.recolour();
    this.map = new BaseMap({
      container,
      style: offlineStyle(nothing, nothing),
      center: [10, 30],
      zoom: 1.4,
      attributionControl: false,
      dragRotate: false,
      touchPitch: false,
      pitchWithRotate: false,
      maxZoom: 20,
      fadeDuration: app.settings.reducedMotion ? 0 : 150,
      locale: { 'Map.Title': texts.map.label },
    });
    app.map = this.map;
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 90 }), 'bottom-left');
    this.map.addControl(new AttributionControl({ compact: false }), 'bottom-right');
    this.#overlay = new MapboxOverlay({
      interleaved: false,
      // The layers smooth their own edges; sampling every pixel four times besides would be paid for nothing.
      deviceProps: { type: 'webgl', webgl: { antialias: false, preserveDrawingBuffer: false } },
      layers: [],
      pickingRadius: 6,
      onHover: ({ index, layer, x, y }) => this.#hover({ x, y, ...this.#picked(layer?.id, index) }),
      onClick: ({ index, layer }) => {
        const { mover, outlier, cluster } = this.#picked(layer?.id, index);
        if (!cluster) return app.selection.select((mover ?? outlier)?.subject.key);
        const center: [number, number] = [cluster.longitude, cluster.latitude];
        this.map.easeTo({
          center,
          zoom: this.map.getZoom() + CLUSTER_ZOOM,
          animate: !app.settings.reducedMotion,
        });
      },
      // The map below takes the keys; what lies over it is no second stop.
      onLoad: () => container.querySelector('canvas:not(.maplibregl-canvas)')?.setAttribute('tabindex', '-1'),
      onAfterRender: () => {
        app.paintTimes.done();
        this.#rendered?.();
      },
      getCursor: ({ isHovering }) => (isHovering ? 'pointer' : ''),
    });
    this.map.addControl(this.#overlay);
    const keepGrid = (): void => this.#drawGrid();
    this.map.on('moveend', keepGrid);
    const { view } = app.link;
    if (view) {
      this.map.jumpTo({ center: [view.longitude, view.latitude], zoom: view.zoom });
      this.touched = true;
    }
    this.map.on('moveend', () => {
      const { lng: longitude, lat: latitude } = this.map.getCenter().wrap();
      app.link.view = { longitude, latitude, zoom: this.map.getZoom() };
    });
    this.map.on('style.load', keepGrid);
    this.sketch = new AreaSketch(this.map);
    this.#corners = new FenceHandles(this.map, app.fences);
    this.map.on('style.load', () => {
      this.#styled = true;
      this.drawFences();
    });
    this.map.on('dragstart', () => this.onmoved());
    this.map.on('movestart', (event: { originalEvent?: unknown }) => {
      if (event.originalEvent) this.touched = true;
    });
    this.#stop = app.frame.paint((now) => this.#paint(now));
    void countries().then((world) => this.#setData('world', (this.#world = world)));
  }

  destroy(): void {
    this.#stop();
    this.#app.map = undefined;
    this.map.remove();
  }

  /** The streets of the demo, and the address of an online style that takes over if it can be reached. */
  async setGround(streets: GeoJSON.FeatureCollection | null, styleUrl: string | null): Promise<void> {
    this.#streets = streets ?? nothing;
    this.#setData('streets', this.#streets);
    this.#online ??= await onlineStyle(styleUrl);
    this.#chooseGround();
  }

  /** Takes the colours of the theme that is on. */
  recolour(): void {
    const colours = palette();
    this.#look = {
      ...{ palette: colours, halo: token('map-halo'), text: token('text'), accent: token('accent-solid') },
      ...{ onAccent: token('on-accent'), warn: token('warn') },
    };
    const { movers } = this.#app;
    movers.rgbOf = ({ colour }) => colours[colour] ?? [128, 128, 128];
    this.#recolourTrails();
    if (this.map && !this.#shownOnline) this.#setStyle(offlineStyle(this.#world, this.#streets));
    this.redraw();
  }

  /** Draws the fences as they are now, and the handles of the one that is being changed. */
  drawFences(): void {
    const { list, draft } = this.#app.fences;
    if (this.#styled) drawFences(this.map, list, draft);
    this.#corners.show();
  }

  /** Brings the fence that is being changed into sight. */
  showDraft(): void {
    const ring = this.#app.fences.draft?.ring ?? [];
    if (ring.length === 0 || ring.every((at) => this.map.getBounds().contains([at[0], at[1]]))) return;
    const [xs, ys] = [ring.map(([x]) => x), ring.map(([, y]) => y)];
    this.show([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], SIDES);
  }

  #recolourTrails(): void {
    const { movers } = this.#app;
    for (const trails of movers.trails.values()) {
      trails.recolour((index) =>
        movers.all[index] ? movers.rgbOf(movers.all[index].subject) : [128, 128, 128],
      );
    }
  }

  /** Draws again although no event came: the selection or a setting changed. */
  redraw(): void {
    this.#forced = true;
    this.#app.frame.touch();
  }

  /** What is seen now: the ground, and what moves above it. */
  async picture(): Promise<HTMLCanvasElement> {
    const ground = this.map.getCanvas();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [ground.width, ground.height];
    const draw = (layer: HTMLCanvasElement): void =>
      void canvas.getContext('2d')?.drawImage(layer, 0, 0, canvas.width, canvas.height);
    // Each can be read only in the moment in which it is drawn.
    await new Promise<void>((resolve) => {
      this.map.once('render', () => resolve(draw(ground)));
      this.map.triggerRepaint();
    });
    const movers = this.map.getContainer().querySelector<HTMLCanvasElement>('canvas:not(.maplibregl-canvas)');
    if (!movers) return canvas;
    await new Promise<void>((resolve) => {
      this.#rendered = () => resolve(draw(movers));
      this.redraw();
    });
    this.#rendered = undefined;
    return canvas;
  }

  /** Shows a box: west, south, east, north in degrees. `padding` in pixels. */
  show(box: Box, padding: Padding): void {
    const [west, south, east, north] = box;
    this.touched = false;
    this.ground(box);
    const animate = !this.#app.settings.reducedMotion;
    this.map.fitBounds([west, south, east, north], { padding, maxZoom: 16, duration: animate ? 600 : 0 });
  }

  /** Chooses the ground for what lies in a box. */
  ground(box: Box): void {
    this.#box = box;
    this.#chooseGround();
  }

  /** Anew as a whole: what is left of a style before would not be told of. */
  #setStyle(style: StyleSpecification | null): void {
    this.#styled = false;
    this.map.setStyle(style, { diff: false });
  }

  /** The world's own streets lie under what really moves; under a city of its own lie that city's. */
  #chooseGround(): void {
    const invented = boxAround(this.#streets);
    const online =
      this.#online !== null && this.#box !== undefined && !(invented && near(invented, this.#box));
    if (online === this.#shownOnline) return;
    this.#shownOnline = online;
    this.map.getContainer().dataset.ground = online ? 'online' : 'own';
    this.#setStyle(online ? this.#online : offlineStyle(this.#world, this.#streets));
  }

  #paint(now: number): boolean {
    const { frame, movers, subjects, selection, paintTimes, filter } = this.#app;
    const gliding = movers.step(now);
    const fresh = this.#forced || frame.version !== this.#version;
    const wait = frame.usualMs > SLOW.aboveMs ? (fresh ? SLOW.freshMs : SLOW.glideMs) : 0;
    if (!fresh && !gliding) return false;
    if (!this.#forced && now - this.#paintedAt < wait) return true;
    this.#forced = false;
    this.#version = frame.version;
    this.#paintedAt = now;
    if (subjects.version !== this.#coloured) {
      this.#coloured = subjects.version;
      this.#recolourTrails();
    }
    paintTimes.drawing();
    const selected = selection.key === undefined ? undefined : movers.byKey.get(selection.key);
    const hovered =
      this.#hovered ?? (selection.hoverKey === undefined ? undefined : movers.byKey.get(selection.hoverKey));
    const look: MapScene = {
      ...this.#look,
      centre: centreOf(this.map),
      project: ([x, y]) => this.map.project([x, y]),
      selected,
      hovered,
      trailSeconds: this.#trailSeconds(),
      trailChunks: Math.round((this.#trailChunks = chunksAfter(this.#trailChunks, frame.usualMs))),
      nowMs: memoised((root) => this.#nowOf(root)),
      grouping: this.#group(now, selected),
      ghosts: this.#ghosts(),
      hideSilent: filter.area?.kind === 'box',
    };
    this.#overlay.setProps({ layers: this.#layers.build(movers, look) });
    if (selected && selection.follow && !this.map.isZooming())
      this.map.jumpTo({ center: [selected.shown[0], selected.shown[1]] });
    return gliding;
  }

  /** Movers in a crowd are drawn as clusters; never the selected one. */
  #group(now: number, selected: Mover | undefined): Grouping | undefined {
    const zoom = this.map.getZoom();
    if (now - this.#grouped.at < GROUP_EVERY_MS && zoom === this.#grouped.zoom && this.#fits())
      return this.#grouping;
    this.#grouped = { at: now, zoom };
    this.#grouping = group(this.#app.movers.all, zoom, (mover) => mover === selected);
    return this.#grouping;
  }

  /** Whether the grouping speaks of movers that are there: they may have been forgotten since. */
  #fits(): boolean {
    const { length } = this.#app.movers.all;
    return this.#grouping?.single.every((i) => i < length) ?? true;
  }

  /** Where movers were at the moment that a pointer is on in another panel. */
  #ghosts(): Map<number, LonLat> | undefined {
    const { cursor, movers } = this.#app;
    const { timeMs } = cursor;
    if (timeMs === undefined) return undefined;
    const ghosts = new Map<number, LonLat>();
    for (const trails of movers.trails.values()) {
      const { at, latest } = trails.placesAt(timeMs);
      for (const [i, place] of at) ghosts.set(i, place);
      // Between the end of the drawn trail and the latest fix; after that it is not known yet where it will be.
      for (const [i, { place, timeMs: fromMs }] of latest) {
        const mover = movers.all[i];
        if (!mover || timeMs > mover.timeMs) continue;
        const share = (timeMs - fromMs) / Math.max(1, mover.timeMs - fromMs);
        ghosts.set(i, [
          place[0] + (mover.at[0] - place[0]) * share,
          place[1] + (mover.at[1] - place[1]) * share,
        ]);
      }
    }
    return ghosts.size > 0 ? ghosts : undefined;
  }

  #trailSeconds(): number | undefined {
    const { settings, replays } = this.#app;
    const { trails } = settings.kept;
    if (trails === 'off') return undefined;
    if (trails === 'all') return 0;
    const length = (replays.endMs - replays.startMs) / 1000;
    return Math.max(120, (Number.isNaN(length) ? 3600 : length) * TRAIL_SHARE[trails]);
  }

  /** The time of the latest fix. What is derived may still stand where the replay was before a seek. */
  #nowOf(root: string): number {
    const { channels, movers } = this.#app;
    return channels.all.get(movers.leadOf(root) ?? root)?.lastTime ?? NaN;
  }

  /** What is drawn under an index of a layer. */
  #picked(layer: string | undefined, index: number): Omit<Hover, 'x' | 'y'> {
    if (layer === 'movers') return { mover: this.#layers.drawn[index] };
    if (layer === 'outliers') return { outlier: this.#layers.shownOutliers[index] };
    return layer === 'clusters' ? { cluster: this.#grouping?.clusters[index] } : {};
  }

  #hover(hover: Hover): void {
    const { mover, outlier, cluster } = hover;
    if (mover !== this.#hovered) this.redraw();
    this.#hovered = mover;
    this.onhover(mover || outlier || cluster ? hover : undefined);
  }

  #setData(source: string, data: GeoJSON.FeatureCollection): void {
    const there = this.map.getSource<GeoJSONSource>(source);
    if (there) void there.setData(data);
    else this.map.once('style.load', () => void this.map.getSource<GeoJSONSource>(source)?.setData(data));
  }

  #drawGrid(): void {
    const bounds = this.map.getBounds();
    const grid = graticule(bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth());
    void this.map.getSource<GeoJSONSource>('grid')?.setData(grid);
  }
}

function centreOf(map: BaseMap): LonLat {
  // As deck.gl has it: beyond the edge of the world it counts from the other side.
  const { lng, lat } = map.getCenter().wrap();
  return [lng, lat];
}

/** Quick to draw less, slow to draw more: it would swing to and fro. */
function chunksAfter(chunks: number, frameMs: number): number {
  const { least, most, fewerAboveMs, moreBelowMs, step } = CHUNKS;
  if (frameMs > fewerAboveMs) return Math.max(least, chunks * step);
  return frameMs < moreBelowMs ? Math.min(most, chunks + 1 - step) : chunks;
}

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** Asks once for each name. */
function memoised<T>(ask: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    if (!known.has(name)) known.set(name, ask(name));
    return known.get(name) as T;
  };
}
