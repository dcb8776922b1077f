import { MapboxOverlay } from '@deck.gl/mapbox';
import { AttributionControl, Map as BaseMap, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import type { Box } from '../live/geometry.ts';
import { AreaSketch } from './area-sketch.ts';
import { nothing } from './ground/basemap.ts';
import type { Cluster } from './movers/clusters.ts';
import { FenceLayer } from './ground/fence-layer.ts';
import { Ground } from './ground/ground.ts';
import type { MapParts } from './map-parts.ts';
import { MOVERS_CANVAS, pictureOf } from './map-picture.ts';
import { MoverLayers } from './layers/mover-layers.ts';
import type { Mover } from './movers/mover.ts';
import type { Outlier } from './movers/outliers.ts';
import { offlineStyle } from './ground/offline-style.ts';
import { SceneBuilder } from './layers/scene-builder.ts';
import { texts } from './texts.ts';

/** Slow frames (no GPU) are this far apart: with new data, and while movers only glide. */
const SLOW = { aboveMs: 30, freshMs: 80, glideMs: 160 };
/** A click on a cluster zooms in by this much. */
const CLUSTER_ZOOM = 2;
const MOST_ZOOM = 16;
const FIT_MS = 600;

/** Pixels to keep free on each side. */
export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** The pointer is on a mover, an outlier or a cluster; pixels. */
export interface Hover extends Picked {
  x: number;
  y: number;
}

interface Picked {
  mover?: Mover | undefined;
  outlier?: Outlier | undefined;
  cluster?: Cluster | undefined;
}

/** The map: MapLibre draws the ground, deck.gl draws what moves, once per frame of the frame loop. */
export class MapView {
  /** Called when the pointer comes upon something, or leaves it. */
  onhover: (hover: Hover | undefined) => void = () => {};
  /** Called when the person drags the map. */
  ondrag: () => void = () => {};
  /** Whether the person has moved the map since it was last fitted to something. */
  touched = false;
  readonly map: BaseMap;
  readonly ground: Ground;
  readonly fences: FenceLayer;
  readonly sketch: AreaSketch;
  readonly #parts: MapParts;
  readonly #overlay: MapboxOverlay;
  readonly #layers = new MoverLayers();
  readonly #scenes: SceneBuilder;
  readonly #stop: () => void;
  #hovered: Mover | undefined;
  /** Versions of what was painted last. */
  #painted = { version: -1, colours: -1, at: 0 };
  #forced = true;
  /** Called when the movers have just been drawn: only then can their canvas be read. */
  #rendered: (() => void) | undefined;

  /** @throws Error when the browser has no WebGL */
  constructor(container: HTMLElement, parts: MapParts) {
    this.#parts = parts;
    setWorkerUrl(workerUrl);
    this.map = createMap(container, parts.settings.reducedMotion);
    parts.map = this.map;
    this.#scenes = new SceneBuilder(this.map, parts);
    this.#overlay = this.#createOverlay(container);
    this.map.addControl(this.#overlay);
    this.ground = new Ground(this.map, () => this.fences.draw());
    this.fences = new FenceLayer(this.map, parts.fences, () => this.ground.isStyled);
    this.sketch = new AreaSketch(this.map);
    this.#followLink();
    this.map.on('dragstart', () => this.ondrag());
    this.map.on('movestart', (event: { originalEvent?: unknown }) => {
      if (event.originalEvent) this.touched = true;
    });
    this.#stop = parts.frame.paint((now) => this.#paint(now));
  }

  destroy(): void {
    this.#stop();
    this.#parts.map = undefined;
    this.map.remove();
  }

  /** Takes the colours of the current theme. */
  recolour(): void {
    this.#scenes.recolour();
    this.ground.recolour();
    this.redraw();
  }

  /** Draws again although no event came: the selection or a setting has changed. */
  redraw(): void {
    this.#forced = true;
    this.#parts.frame.touch();
  }

  /** Fits the map to a box. */
  show(box: Box, padding: Padding): void {
    const [west, south, east, north] = box;
    this.touched = false;
    this.ground.chooseFor(box);
    const duration = this.#parts.settings.reducedMotion ? 0 : FIT_MS;
    this.map.fitBounds([west, south, east, north], { padding, maxZoom: MOST_ZOOM, duration });
  }

  /** A picture of what is visible: the ground, and what moves above it. */
  picture(): Promise<HTMLCanvasElement> {
    return pictureOf(this.map, async (draw) => {
      await new Promise<void>((resolve) => {
        this.#rendered = () => resolve(draw());
        this.redraw();
      });
      this.#rendered = undefined;
    });
  }

  #createOverlay(container: HTMLElement): MapboxOverlay {
    const { selection, paintTimes } = this.#parts;
    return new MapboxOverlay({
      interleaved: false,
      // The layers smooth their own edges: antialiasing by the GPU would only cost time.
      deviceProps: { type: 'webgl', webgl: { antialias: false, preserveDrawingBuffer: false } },
      layers: [],
      pickingRadius: 6,
      onHover: ({ index, layer, x, y }) => this.#hover({ x, y, ...this.#picked(layer?.id, index) }),
      onClick: ({ index, layer }) => {
        const { mover, outlier, cluster } = this.#picked(layer?.id, index);
        if (cluster) this.#zoomInto(cluster);
        else selection.select((mover ?? outlier)?.subject.key);
      },
      // The map below takes the keys: the canvas above it must not be reachable by Tab.
      onLoad: () => container.querySelector(MOVERS_CANVAS)?.setAttribute('tabindex', '-1'),
      onAfterRender: () => {
        paintTimes.done();
        this.#rendered?.();
      },
      getCursor: ({ isHovering }) => (isHovering ? 'pointer' : ''),
    });
  }

  /** Starts at the position in the address, and keeps the address up to date. */
  #followLink(): void {
    const { link } = this.#parts;
    if (link.position) {
      const { longitude, latitude, zoom } = link.position;
      this.map.jumpTo({ center: [longitude, latitude], zoom });
      this.touched = true;
    }
    this.map.on('moveend', () => {
      const { lng: longitude, lat: latitude } = this.map.getCenter().wrap();
      link.position = { longitude, latitude, zoom: this.map.getZoom() };
    });
  }

  #paint(now: number): boolean {
    const { frame, movers, subjects, selection, paintTimes } = this.#parts;
    const gliding = movers.step(now);
    const isFresh = this.#forced || frame.version !== this.#painted.version;
    if (!isFresh && !gliding) return false;
    const waitMs = frame.usualMs > SLOW.aboveMs ? (isFresh ? SLOW.freshMs : SLOW.glideMs) : 0;
    if (!this.#forced && now - this.#painted.at < waitMs) return true;
    if (subjects.version !== this.#painted.colours) movers.recolourTrails();
    this.#forced = false;
    this.#painted = { version: frame.version, colours: subjects.version, at: now };
    paintTimes.drawing();
    const scene = this.#scenes.build(now, this.#hovered);
    this.#overlay.setProps({ layers: this.#layers.build(movers, scene) });
    const { selected } = scene;
    if (selected && selection.follow && !this.map.isZooming())
      this.map.jumpTo({ center: [selected.shown[0], selected.shown[1]] });
    return gliding;
  }

  /** What is drawn at an index of a layer. */
  #picked(layer: string | undefined, index: number): Picked {
    if (layer === 'movers') return { mover: this.#layers.drawn[index] };
    if (layer === 'outliers') return { outlier: this.#layers.shownOutliers[index] };
    return layer === 'clusters' ? { cluster: this.#scenes.clusters[index] } : {};
  }

  #hover(hover: Hover): void {
    const { mover, outlier, cluster } = hover;
    if (mover !== this.#hovered) this.redraw();
    this.#hovered = mover;
    this.onhover(mover || outlier || cluster ? hover : undefined);
  }

  #zoomInto({ longitude, latitude }: Cluster): void {
    this.map.easeTo({
      center: [longitude, latitude],
      zoom: this.map.getZoom() + CLUSTER_ZOOM,
      animate: !this.#parts.settings.reducedMotion,
    });
  }
}

function createMap(container: HTMLElement, reducedMotion: boolean): BaseMap {
  const map = new BaseMap({
    container,
    style: offlineStyle(nothing, nothing),
    center: [10, 30],
    zoom: 1.4,
    attributionControl: false,
    dragRotate: false,
    touchPitch: false,
    pitchWithRotate: false,
    maxZoom: 20,
    fadeDuration: reducedMotion ? 0 : 150,
    locale: { 'Map.Title': texts.label },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new ScaleControl({ maxWidth: 90 }), 'bottom-left');
  map.addControl(new AttributionControl({ compact: false }), 'bottom-right');
  return map;
}
