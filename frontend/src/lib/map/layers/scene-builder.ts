import type { Map as BaseMap } from 'maplibre-gl';
import type { LonLat } from '../../live/geometry.ts';
import { palette, token } from '../../ui/colours.ts';
import { group, type Grouping } from '../movers/clusters.ts';
import type { MapParts } from '../map-parts.ts';
import type { MapScene } from './map-scene.ts';
import type { Mover } from '../movers/mover.ts';

/** Shares of a recording's length after which trails have faded. */
const TRAIL_SHARE = { short: 0.03, long: 0.2 };
const SHORTEST_TRAIL_S = 120;
/** The length assumed of live data, seconds. */
const LIVE_LENGTH_S = 3600;
/** Chunks of trails to draw; slow frames (ms) reduce their number, fast ones raise it. */
const CHUNKS = { least: 2, most: 96, fewerAboveMs: 30, moreBelowMs: 20, step: 0.8 };
/** Movers are grouped again after this time, ms. */
const GROUP_EVERY_MS = 300;

/** Collects what the movers' layers show in one frame. */
export class SceneBuilder {
  readonly #map: BaseMap;
  readonly #parts: MapParts;
  #colours!: ReturnType<typeof themeColours>;
  #grouping: Grouping | undefined;
  #grouped = { at: -Infinity, zoom: NaN };
  #chunks: number = CHUNKS.most;

  constructor(map: BaseMap, parts: MapParts) {
    this.#map = map;
    this.#parts = parts;
    this.recolour();
  }

  /** Takes the colours of the current theme, for the trails too. */
  recolour(): void {
    this.#colours = themeColours();
    const { palette: colours } = this.#colours;
    const { movers } = this.#parts;
    movers.rgbOf = ({ colour }) => colours[colour] ?? [128, 128, 128];
    movers.recolourTrails();
  }

  /** The clusters that are shown now. */
  get clusters(): Grouping['clusters'] {
    return this.#grouping?.clusters ?? [];
  }

  /** The scene at a time (performance.now). `hovered`: the mover under the pointer. */
  build(now: number, hovered: Mover | undefined): MapScene {
    const { frame, selection, movers, filter } = this.#parts;
    const moverOf = (key: string | undefined): Mover | undefined =>
      key === undefined ? undefined : movers.byKey.get(key);
    const selected = moverOf(selection.key);
    this.#chunks = chunksAfter(this.#chunks, frame.usualMs);
    return {
      ...this.#colours,
      centre: centreOf(this.#map),
      project: ([x, y]) => this.#map.project([x, y]),
      selected,
      hovered: hovered ?? moverOf(selection.hoverKey),
      trailSeconds: this.#trailSeconds(),
      trailChunks: Math.round(this.#chunks),
      nowMs: memoised((root) => this.#nowOf(root)),
      grouping: this.#group(now, selected),
      ghosts: this.#ghosts(),
      hideSilent: filter.area?.kind === 'box',
    };
  }

  /** Crowded movers are drawn as clusters; never the selected one. */
  #group(now: number, selected: Mover | undefined): Grouping | undefined {
    const zoom = this.#map.getZoom();
    const isFresh = now - this.#grouped.at < GROUP_EVERY_MS && zoom === this.#grouped.zoom;
    if (isFresh && this.#groupingFits()) return this.#grouping;
    this.#grouped = { at: now, zoom };
    this.#grouping = group(this.#parts.movers.all, zoom, (mover) => mover === selected);
    return this.#grouping;
  }

  /** Whether all movers of the grouping still exist. */
  #groupingFits(): boolean {
    const { length } = this.#parts.movers.all;
    return this.#grouping?.single.every((i) => i < length) ?? true;
  }

  /** Where movers were at the time of the shared cursor, by index; undefined when there is no such time. */
  #ghosts(): Map<number, LonLat> | undefined {
    const { cursor, movers } = this.#parts;
    const { timeMs } = cursor;
    if (timeMs === undefined) return undefined;
    const ghosts = new Map<number, LonLat>();
    for (const trails of movers.trails.values()) {
      const { at, latest } = trails.placesAt(timeMs);
      for (const [i, place] of at) ghosts.set(i, place);
      // Between the end of the drawn trail and the latest fix; later places are not known yet.
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
    const { settings, replays } = this.#parts;
    const { trails } = settings.kept;
    if (trails === 'off') return undefined;
    if (trails === 'all') return 0;
    const lengthS = (replays.endMs - replays.startMs) / 1000;
    return Math.max(
      SHORTEST_TRAIL_S,
      (Number.isNaN(lengthS) ? LIVE_LENGTH_S : lengthS) * TRAIL_SHARE[trails],
    );
  }

  /** The time of the latest fix. Derived channels may still be at the position before a seek. */
  #nowOf(root: string): number {
    const { channels, movers } = this.#parts;
    return channels.all.get(movers.leadOf(root) ?? root)?.lastTime ?? NaN;
  }
}

const themeColours = () => ({
  palette: palette(),
  halo: token('map-halo'),
  text: token('text'),
  accent: token('accent-solid'),
  onAccent: token('on-accent'),
});

/** The centre as deck.gl counts it: within -180..180 degrees. */
function centreOf(map: BaseMap): LonLat {
  const { lng, lat } = map.getCenter().wrap();
  return [lng, lat];
}

/** Falls fast and rises slowly: drawing less makes frames faster, which would make it oscillate. */
function chunksAfter(chunks: number, frameMs: number): number {
  const { least, most, fewerAboveMs, moreBelowMs, step } = CHUNKS;
  if (frameMs > fewerAboveMs) return Math.max(least, chunks * step);
  return frameMs < moreBelowMs ? Math.min(most, chunks + 1 - step) : chunks;
}

/** Calls the function once for each name. */
function memoised<T>(ask: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    if (!known.has(name)) known.set(name, ask(name));
    return known.get(name) as T;
  };
}
