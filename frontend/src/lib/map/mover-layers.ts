import type { Layer } from '@deck.gl/core';
import { ScatterplotLayer, TextLayer } from '@deck.gl/layers';
import type { Rgb } from '../ui/colours.ts';
import type { LonLat } from './geo.ts';
import { mercator } from './mercator.ts';
import type { Mover, Movers, Outlier } from './movers.ts';
import type { Subject } from '../live/subjects.ts';
import type { TrailChunk, Trails } from './trails.ts';
import type { Cluster, Grouping } from './clusters.ts';
import { FadingLines } from './fading-lines.ts';
import { MoverLayer, NO_HEADING, SHAPE, type Points } from './mover-layer.ts';

/** What the layers need besides the movers. */
export interface MapScene {
  palette: readonly Rgb[];
  halo: Rgb;
  text: Rgb;
  accent: Rgb;
  onAccent: Rgb;
  warn: Rgb;
  selected: Mover | undefined;
  hovered: Mover | undefined;
  /** What is in the middle of the map. */
  centre: LonLat;
  /** Pixels of a place on the screen. */
  project: (place: LonLat) => { x: number; y: number };
  /** Seconds of event time until a trail is gone; 0: never; undefined: no trails. */
  trailSeconds: number | undefined;
  /** Most chunks of trails, the newest: where all is drawn by the CPU they take longest, and give way. */
  trailChunks: number;
  /** Event time of the latest event by root channel, ms. */
  nowMs: (root: string) => number;
  /** Which movers are drawn as clusters, if any. */
  grouping: Grouping | undefined;
  /** Where the movers were at the moment that a pointer is on, by index; undefined while it is on none. */
  ghosts: ReadonlyMap<number, LonLat> | undefined;
  /** Movers that are silent are left out: what is filtered by a place would stand at its edge for ever. */
  hideSilent: boolean;
}

/** With more movers than this, only the selected and the hovered one are named. */
const NAMED = 14;
const NAME_PX = [56, 15] as const;
/** A mover is silent after so many of its usual gaps, and at least so long (event time). */
const SILENT = { gaps: 6, leastMs: 15_000 };
/** Opacity 0..255 of what stands back. */
const ALPHA = { full: 255, back: 150, silent: 110, past: 70 };
const RAD = Math.PI / 180;
const GREY: Rgb = [128, 128, 128];

/** Builds the deck.gl layers of one frame out of typed arrays; it keeps what the GPU already has. */
export class MoverLayers {
  /** Rises with each frame: what moves is uploaded anew. */
  #version = 0;
  #at = new Float32Array(0);
  #tailFrom = new Float32Array(0);
  #tailTo = new Float32Array(0);
  #tailColours = new Uint8ClampedArray(0);
  #colours = new Uint8ClampedArray(0);
  #shapes = new Float32Array(0);

  /** The movers that are drawn one by one, in the order in which they are drawn. */
  drawn: readonly Mover[] = [];

  build(movers: Movers, scene: MapScene): Layer[] {
    const { grouping } = scene;
    const all = grouping ? Array.from(grouping.single, (i) => movers.all[i] as Mover) : movers.all;
    this.drawn = all;
    const n = all.length;
    const origin = mercator(scene.centre);
    const version = ++this.#version;
    this.#fill(all, origin, scene);
    const trailsOn = scene.trailSeconds !== undefined;
    return [
      ...(trailsOn ? [...movers.trails].flatMap(([root, trails]) => this.#trail(root, trails, scene)) : []),
      new FadingLines({
        ...{ id: 'tails', count: trailsOn ? n * 2 : 0, version, origin },
        segments: { from: this.#tailFrom, to: this.#tailTo, colours: this.#tailColours },
      }),
      new ScatterplotLayer({
        id: 'ring',
        data: scene.selected && !scene.ghosts ? [scene.selected] : [],
        getPosition: ({ shown }: Mover) => [shown[0], shown[1]],
        updateTriggers: { getPosition: scene.selected?.shown },
        radiusUnits: 'pixels',
        getRadius: 17,
        stroked: true,
        lineWidthUnits: 'pixels',
        getLineWidth: 2,
        getFillColor: [...scene.accent, 40],
        getLineColor: [...scene.accent, 255],
        billboard: true,
      }),
      new MoverLayer({
        ...{ id: 'movers', count: n, version, origin, pickable: true },
        points: { at: this.#at, colours: this.#colours, shapes: this.#shapes },
        ...{ radius: n > 400 ? 8 : 12, halo: scene.halo },
      }),
      ...this.#outliers(movers.outliers, scene),
      ...clusterLayers(grouping?.clusters ?? [], scene),
      ...this.#ghosts(movers.all, scene),
      ...this.#names(scene.ghosts ? [] : all, scene),
    ];
  }

  /** Fixes that are not believed, as crosses that go with the trails. */
  #outliers(outliers: readonly Outlier[], scene: MapScene): Layer[] {
    const { trailSeconds, nowMs } = scene;
    const shown = outliers.filter(
      ({ subject, timeMs }) => !trailSeconds || nowMs(subject.root) - timeMs < trailSeconds * 1000,
    );
    if (trailSeconds === undefined || shown.length === 0) return [];
    this.shownOutliers = shown;
    const points = pointsOf(
      shown.map(({ at, subject }) => ({ at, colour: subject.colour, shape: SHAPE.outlier })),
      scene,
    );
    return [new MoverLayer({ id: 'outliers', ...points, pickable: true, radius: 12, halo: scene.halo })];
  }
  /** The outliers in the order in which they are drawn. */
  shownOutliers: readonly Outlier[] = [];

  /** Where movers were at the moment that a pointer is on. */
  #ghosts(all: readonly Mover[], scene: MapScene): Layer[] {
    if (!scene.ghosts) return [];
    const places = [...scene.ghosts].flatMap(([i, at]) =>
      all[i] ? [{ at, colour: all[i].subject.colour, shape: SHAPE.moving }] : [],
    );
    return [new MoverLayer({ id: 'ghosts', ...pointsOf(places, scene), radius: 13, halo: scene.halo })];
  }

  #fill(
    all: readonly Mover[],
    origin: readonly [number, number],
    { palette, selected, ghosts, hideSilent, nowMs }: MapScene,
  ): void {
    const n = all.length;
    if (this.#at.length < n * 2) {
      const room = Math.max(64, n * 2);
      this.#at = new Float32Array(room * 2);
      this.#tailFrom = new Float32Array(room * 4);
      this.#tailTo = new Float32Array(room * 4);
      this.#tailColours = new Uint8ClampedArray(room * 8);
      this.#colours = new Uint8ClampedArray(room * 4);
      this.#shapes = new Float32Array(room * 2);
    }
    for (let i = 0; i < n; i++) {
      const mover = all[i] as Mover;
      const { end, last } = mover.pen;
      const colour = palette[mover.subject.colour] ?? GREY;
      const silentMs = nowMs(mover.subject.root) - mover.timeMs;
      const silent = silentMs > Math.max(SILENT.leastMs, SILENT.gaps * mover.usualGapMs);
      const gone = silent && hideSilent;
      const alpha = ghosts ? ALPHA.past : selected && selected !== mover ? ALPHA.back : ALPHA.full;
      const shown = mercator([mover.shown[0], mover.shown[1]]);
      const drawn = end ? mercator([end[0], end[1]]) : shown;
      const latest = last ? mercator([last[0], last[1]]) : shown;
      put(this.#at, i * 2, shown, origin);
      // What the pen has not drawn yet: up to the last fix, and from there to where the mover is shown.
      put(this.#tailFrom, i * 4, drawn, origin);
      put(this.#tailTo, i * 4, latest, origin);
      put(this.#tailFrom, i * 4 + 2, latest, origin);
      put(this.#tailTo, i * 4 + 2, shown, origin);
      this.#colours.set(colour, i * 4);
      this.#colours[i * 4 + 3] = gone ? 0 : silent ? Math.min(alpha, ALPHA.silent) : alpha;
      this.#tailColours.set(colour, i * 8);
      this.#tailColours.set(colour, i * 8 + 4);
      this.#tailColours[i * 8 + 3] = this.#tailColours[i * 8 + 7] = gone
        ? 0
        : ghosts || (selected && selected !== mover)
          ? 60
          : 204;
      this.#shapes[i * 2] = mover.heading === null ? NO_HEADING : mover.heading * RAD;
      this.#shapes[i * 2 + 1] = mover.restored
        ? SHAPE.restored
        : mover.stopped
          ? SHAPE.stopped
          : SHAPE.moving;
    }
  }

  #trail(
    root: string,
    trails: Trails,
    { trailSeconds = 0, trailChunks, nowMs, selected }: MapScene,
  ): Layer[] {
    const now = (nowMs(root) - trails.originMs) / 1000;
    // Of a chunk that is older than trails last nothing is to be seen.
    const seen = ({ times, count }: TrailChunk): boolean =>
      trailSeconds === 0 || now - (times[count - 1] ?? 0) < trailSeconds;
    const chunks = trails.chunks.slice(-trailChunks).filter(seen);
    return chunks.map(
      (chunk) =>
        new FadingLines({
          ...{ id: `trail-${chunk.id}`, count: chunk.count, origin: chunk.origin, segments: chunk },
          version: chunk.id,
          opacity: 0.8,
          now,
          span: trailSeconds,
          selected: selected?.subject.root === root ? selected.index : -1,
        }),
    );
  }

  #names(all: readonly Mover[], { selected, hovered, text, halo, project }: MapScene): Layer[] {
    const first = [selected, hovered].filter((mover) => mover !== undefined);
    const placed: { x: number; y: number }[] = [];
    const named = [...new Set([...first, ...(all.length <= NAMED ? all : [])])].filter(({ shown }) => {
      const { x, y } = project(shown);
      // Two names on top of each other can't be read: the later one waits.
      const free = placed.every(
        (other) => Math.abs(other.x - x) > NAME_PX[0] || Math.abs(other.y - y) > NAME_PX[1],
      );
      if (free) placed.push({ x, y });
      return free;
    });
    // A text layer without a letter would have no glyph atlas to upload.
    if (named.length === 0) return [];
    const layer = new TextLayer<Mover>({
      id: 'names',
      data: named.map((mover) => ({ ...mover })),
      getPosition: ({ shown }) => [shown[0], shown[1]],
      getText: ({ subject }: { subject: Subject }) => subject.name,
      getSize: 12,
      getColor: [...text, 255],
      outlineColor: [...halo, 255],
      outlineWidth: 3,
      fontSettings: { sdf: true, buffer: 6 },
      fontFamily: 'system-ui, sans-serif',
      fontWeight: 600,
      characterSet: 'auto',
      getTextAnchor: 'start',
      getPixelOffset: [14, 0],
    });
    return [layer];
  }
}

function put(
  to: Float32Array,
  at: number,
  place: readonly [number, number],
  origin: readonly [number, number],
): void {
  to[at] = place[0] - origin[0];
  to[at + 1] = place[1] - origin[1];
}

/** A few points, wherever they are. */
function pointsOf(
  points: readonly { at: LonLat; colour: number; shape: number }[],
  { palette, centre }: MapScene,
): { count: number; version: object; origin: [number, number]; points: Points } {
  const origin = mercator(centre);
  const at = points.flatMap((point) => {
    const [x, y] = mercator([point.at[0], point.at[1]]);
    return [x - origin[0], y - origin[1]];
  });
  const drawn = {
    at: Float32Array.from(at),
    colours: Uint8ClampedArray.from(points.flatMap(({ colour }) => [...(palette[colour] ?? GREY), 255])),
    shapes: Float32Array.from(points.flatMap(({ shape }) => [NO_HEADING, shape])),
  };
  return { count: points.length, version: drawn, origin, points: drawn };
}

/** Circles that grow with how many they stand for, and the number in each. */
function clusterLayers(clusters: readonly Cluster[], { accent, onAccent, halo }: MapScene): Layer[] {
  if (clusters.length === 0) return [];
  const data = [...clusters];
  return [
    new ScatterplotLayer<Cluster>({
      id: 'clusters',
      data,
      getPosition: ({ longitude, latitude }) => [longitude, latitude],
      radiusUnits: 'pixels',
      getRadius: ({ count }) => Math.min(26, 10 + 4 * Math.log2(count) * 0.6),
      stroked: true,
      lineWidthUnits: 'pixels',
      getLineWidth: 2,
      getFillColor: [...accent, 225],
      getLineColor: [...halo, 255],
      billboard: true,
      pickable: true,
    }),
    new TextLayer<Cluster>({
      id: 'cluster-counts',
      data,
      getPosition: ({ longitude, latitude }) => [longitude, latitude],
      getText: ({ count }) => short(count),
      getSize: 12,
      getColor: [...onAccent, 255],
      fontFamily: 'system-ui, sans-serif',
      fontWeight: 600,
      characterSet: '0123456789.k,',
    }),
  ];
}

const short = (n: number): string => (n < 1000 ? String(n) : `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)}k`);
