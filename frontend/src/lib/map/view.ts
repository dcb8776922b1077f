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
import { palette, token } from '../colours.ts';
import type { Mover } from '../movers.ts';
import type { Reprise } from '../reprise.svelte.ts';
import { texts } from '../texts.ts';
import { countries, graticule, nothing, offlineStyle, onlineStyle } from './basemap.ts';
import { boxAround, near, type Box } from './bounds.ts';
import { Layers, type Look } from './layers.ts';

/** Shares of the recording's length after which trails are gone. */
const TRAIL_SHARE = { short: 0.03, long: 0.2 };
/** Where frames are slow (no GPU), they are at least so far apart: with new data, and when it only glides. */
const SLOW = { aboveMs: 30, freshMs: 80, glideMs: 160 };

/** Where the pointer is on a mover. */
export interface Hover {
  x: number;
  y: number;
  mover: Mover;
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
  readonly #app: Reprise;
  readonly #overlay: MapboxOverlay;
  readonly #layers = new Layers();
  readonly #stop: () => void;
  #look!: Pick<Look, 'palette' | 'halo' | 'text' | 'accent'>;
  #world = nothing;
  #streets = nothing;
  #online: StyleSpecification | null = null;
  /** Whether the online style is the one that is shown. */
  #shownOnline = false;
  #box: Box | undefined;
  #hovered: Mover | undefined;
  #version = -1;
  #coloured = -1;
  #paintedAt = 0;
  #forced = true;

  /** @throws Error when the browser has no WebGL */
  constructor(container: HTMLElement, app: Reprise) {
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
      onHover: ({ index, layer, x, y }) =>
        this.#hover(layer?.id === 'movers' ? app.movers.all[index] : undefined, x, y),
      onClick: ({ index, layer }) => {
        const mover = layer?.id === 'movers' ? app.movers.all[index] : undefined;
        app.selection.select(mover?.subject.key);
      },
      // The map below takes the keys; what lies over it is no second stop.
      onLoad: () => container.querySelector('canvas:not(.maplibregl-canvas)')?.setAttribute('tabindex', '-1'),
      onAfterRender: () => app.painted.done(),
      getCursor: ({ isHovering }) => (isHovering ? 'pointer' : ''),
    });
    this.map.addControl(this.#overlay);
    const keepGrid = (): void => this.#drawGrid();
    this.map.on('moveend', keepGrid);
    this.map.on('style.load', keepGrid);
    this.map.on('dragstart', () => this.onmoved());
    this.map.on('movestart', (event: { originalEvent?: unknown }) => {
      if (event.originalEvent) this.touched = true;
    });
    this.#stop = app.frame.paint((now) => this.#paint(now));
    void countries().then((world) => this.#setData('world', (this.#world = world)));
  }

  destroy(): void {
    this.#stop();
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
    this.#look = { palette: colours, halo: token('map-halo'), text: token('text'), accent: token('accent') };
    const { movers } = this.#app;
    movers.rgbOf = ({ colour }) => colours[colour] ?? [128, 128, 128];
    this.#recolourTrails();
    if (this.map && !this.#shownOnline) this.map.setStyle(offlineStyle(this.#world, this.#streets));
    this.redraw();
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

  /** Shows a box: west, south, east, north in degrees. `padding` in pixels. */
  show(box: Box, padding: Padding): void {
    const [west, south, east, north] = box;
    this.#box = box;
    this.touched = false;
    this.#chooseGround();
    const animate = !this.#app.settings.reducedMotion;
    this.map.fitBounds([west, south, east, north], { padding, maxZoom: 16, duration: animate ? 600 : 0 });
  }

  /** The world's own streets lie under what really moves; under a city of its own lie that city's. */
  #chooseGround(): void {
    const invented = boxAround(this.#streets);
    const online =
      this.#online !== null && this.#box !== undefined && !(invented && near(invented, this.#box));
    if (online === this.#shownOnline) return;
    this.#shownOnline = online;
    this.map.getContainer().dataset.ground = online ? 'online' : 'own';
    this.map.setStyle(online ? this.#online : offlineStyle(this.#world, this.#streets));
  }

  #paint(now: number): boolean {
    const { frame, movers, subjects, selection, painted } = this.#app;
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
    painted.drawing();
    const selected = selection.key === undefined ? undefined : movers.byKey.get(selection.key);
    const hovered =
      this.#hovered ?? (selection.hoverKey === undefined ? undefined : movers.byKey.get(selection.hoverKey));
    const look: Look = {
      ...this.#look,
      project: ([x, y]) => this.map.project([x, y]),
      selected,
      hovered,
      trailSeconds: this.#trailSeconds(),
      nowMs: (root) => this.#nowOf(root),
    };
    this.#overlay.setProps({ layers: this.#layers.build(movers, look) });
    if (selected && selection.follow && !this.map.isZooming())
      this.map.jumpTo({ center: [selected.shown[0], selected.shown[1]] });
    return gliding;
  }

  #trailSeconds(): number | undefined {
    const { settings, replays } = this.#app;
    const { trails } = settings.kept;
    if (trails === 'off') return undefined;
    if (trails === 'all') return 0;
    const length = (replays.endMs - replays.startMs) / 1000;
    return Math.max(120, (Number.isNaN(length) ? 3600 : length) * TRAIL_SHARE[trails]);
  }

  #nowOf(root: string): number {
    let latest = NaN;
    for (const { name, lastTime } of this.#app.channels.all.values()) {
      if (this.#app.topology.root(name) === root && !(lastTime <= latest)) latest = lastTime;
    }
    return latest;
  }

  #hover(mover: Mover | undefined, x: number, y: number): void {
    if (mover !== this.#hovered) this.redraw();
    this.#hovered = mover;
    this.onhover(mover && { x, y, mover });
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

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}
