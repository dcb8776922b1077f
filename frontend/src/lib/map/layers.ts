import type { Layer } from '@deck.gl/core';
import { LineLayer, ScatterplotLayer, TextLayer } from '@deck.gl/layers';
import type { Rgb } from '../colours.ts';
import type { LonLat } from '../geo.ts';
import type { Mover, Movers, Outlier } from '../movers.ts';
import type { Subject } from '../subjects.ts';
import type { TrailChunk, Trails } from '../trails.ts';
import type { Cluster, Grouping } from './clusters.ts';
import { FadingLines } from './fading-lines.ts';
import { MoverLayer, NO_HEADING, SHAPE } from './mover-layer.ts';

/** What the layers need besides the movers. */
export interface Look {
  palette: readonly Rgb[];
  halo: Rgb;
  text: Rgb;
  accent: Rgb;
  onAccent: Rgb;
  warn: Rgb;
  selected: Mover | undefined;
  hovered: Mover | undefined;
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
export class Layers {
  #uploaded = new WeakMap<TrailChunk, { count: number; data: object }>();
  #positions = new Float64Array(0);
  #tailFrom = new Float64Array(0);
  #tailTo = new Float64Array(0);
  #tailColours = new Uint8ClampedArray(0);
  #colours = new Uint8ClampedArray(0);
  #shapes = new Float32Array(0);

  /** The movers that are drawn one by one, in the order in which they are drawn. */
  drawn: readonly Mover[] = [];

  build(movers: Movers, look: Look): Layer[] {
    const { grouping } = look;
    const all = grouping ? Array.from(grouping.single, (i) => movers.all[i] as Mover) : movers.all;
    this.drawn = all;
    const n = all.length;
    this.#fill(all, look);
    const rgba = { value: this.#colours.subarray(0, n * 4), size: 4 };
    const at = { value: this.#positions.subarray(0, n * 2), size: 2 };
    const trailsOn = look.trailSeconds !== undefined;
    return [
      ...(trailsOn ? [...movers.trails].flatMap(([root, trails]) => this.#trail(root, trails, look)) : []),
      new LineLayer({
        id: 'tails',
        visible: trailsOn,
        data: {
          length: n * 2,
          attributes: {
            getSourcePosition: { value: this.#tailFrom.subarray(0, n * 4), size: 2 },
            getTargetPosition: { value: this.#tailTo.subarray(0, n * 4), size: 2 },
            getColor: { value: this.#tailColours.subarray(0, n * 8), size: 4 },
          },
        },
        getWidth: 2.5,
        antialiasing: true,
      }),
      new ScatterplotLayer({
        id: 'ring',
        data: look.selected && !look.ghosts ? [look.selected] : [],
        getPosition: ({ shown }: Mover) => [shown[0], shown[1]],
        updateTriggers: { getPosition: look.selected?.shown },
        radiusUnits: 'pixels',
        getRadius: 17,
        stroked: true,
        lineWidthUnits: 'pixels',
        getLineWidth: 2,
        getFillColor: [...look.accent, 40],
        getLineColor: [...look.accent, 255],
        billboard: true,
      }),
      new MoverLayer({
        id: 'movers',
        data: {
          length: n,
          attributes: {
            getPosition: at,
            getFillColor: rgba,
            getShape: { value: this.#shapes.subarray(0, n * 2), size: 2 },
          },
        },
        radiusUnits: 'pixels',
        getRadius: n > 400 ? 8 : 12,
        getLineColor: [...look.halo, 255],
        billboard: true,
        pickable: true,
      }),
      ...this.#outliers(movers.outliers, look),
      ...clusterLayers(grouping?.clusters ?? [], look),
      ...this.#ghosts(movers.all, look),
      ...this.#names(look.ghosts ? [] : all, look),
    ];
  }

  /** Fixes that are not believed, as crosses that go with the trails. */
  #outliers(outliers: readonly Outlier[], { palette, halo, trailSeconds, nowMs }: Look): Layer[] {
    const shown = outliers.filter(
      ({ subject, timeMs }) => !trailSeconds || nowMs(subject.root) - timeMs < trailSeconds * 1000,
    );
    if (trailSeconds === undefined || shown.length === 0) return [];
    const layer = new MoverLayer({
      id: 'outliers',
      data: {
        length: shown.length,
        attributes: {
          getPosition: { value: Float64Array.from(shown.flatMap(({ at }) => [at[0], at[1]])), size: 2 },
          getFillColor: {
            value: Uint8ClampedArray.from(
              shown.flatMap(({ subject }) => [...(palette[subject.colour] ?? GREY), 255]),
            ),
            size: 4,
          },
          getShape: { value: Float32Array.from(shown.flatMap(() => [NO_HEADING, SHAPE.outlier])), size: 2 },
        },
      },
      radiusUnits: 'pixels',
      getRadius: 12,
      getLineColor: [...halo, 255],
      billboard: true,
      pickable: true,
    });
    this.shownOutliers = shown;
    return [layer];
  }
  /** The outliers in the order in which they are drawn. */
  shownOutliers: readonly Outlier[] = [];

  /** Where movers were at the moment that a pointer is on. */
  #ghosts(all: readonly Mover[], { ghosts, palette, halo }: Look): Layer[] {
    if (!ghosts) return [];
    const places = [...ghosts].flatMap(([i, at]) => (all[i] ? [{ at, colour: all[i].subject.colour }] : []));
    const layer = new ScatterplotLayer<{ at: LonLat; colour: number }>({
      id: 'ghosts',
      data: places,
      getPosition: ({ at }) => [at[0], at[1]],
      radiusUnits: 'pixels',
      getRadius: 6,
      stroked: true,
      lineWidthUnits: 'pixels',
      getLineWidth: 2,
      getFillColor: ({ colour }) => [...(palette[colour] ?? GREY), 255],
      getLineColor: [...halo, 255],
      billboard: true,
    });
    return [layer];
  }

  #fill(all: readonly Mover[], { palette, selected, ghosts, hideSilent, nowMs }: Look): void {
    const n = all.length;
    if (this.#positions.length < n * 2) {
      const room = Math.max(64, n * 2);
      this.#positions = new Float64Array(room * 2);
      this.#tailFrom = new Float64Array(room * 4);
      this.#tailTo = new Float64Array(room * 4);
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
      this.#positions[i * 2] = mover.shown[0];
      this.#positions[i * 2 + 1] = mover.shown[1];
      // What the pen has not drawn yet: up to the last fix, and from there to where the mover is shown.
      this.#tailFrom.set(end ?? mover.shown, i * 4);
      this.#tailTo.set(last ?? mover.shown, i * 4);
      this.#tailFrom.set(last ?? mover.shown, i * 4 + 2);
      this.#tailTo.set(mover.shown, i * 4 + 2);
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

  #trail(root: string, trails: Trails, { trailSeconds = 0, trailChunks, nowMs, selected }: Look): Layer[] {
    const now = (nowMs(root) - trails.originMs) / 1000;
    // Of a chunk that is older than trails last nothing is to be seen.
    const seen = ({ times, count }: TrailChunk): boolean =>
      trailSeconds === 0 || now - (times[count - 1] ?? 0) < trailSeconds;
    const chunks = trails.chunks.slice(-trailChunks).filter(seen);
    return chunks.map(
      (chunk) =>
        new FadingLines({
          id: `trail-${chunk.id}`,
          data: this.#dataOf(chunk) as never,
          widthScale: 2.5,
          antialiasing: true,
          opacity: 0.8,
          origin: chunk.origin,
          now,
          span: trailSeconds,
          selected: selected?.subject.root === root ? selected.index : -1,
        }),
    );
  }

  /** The same object as long as the chunk has not grown: then deck.gl uploads nothing. */
  #dataOf(chunk: TrailChunk): object {
    const known = this.#uploaded.get(chunk);
    if (known?.count === chunk.count) return known.data;
    const { count: length, from, to, colours, times, movers } = chunk;
    const attributes = {
      getFrom: { value: from.subarray(0, length * 2), size: 2 },
      getTo: { value: to.subarray(0, length * 2), size: 2 },
      getColor: { value: colours.subarray(0, length * 4), size: 4 },
      getTime: { value: times.subarray(0, length), size: 1 },
      getMover: { value: movers.subarray(0, length), size: 1 },
    };
    const data = { length, attributes };
    this.#uploaded.set(chunk, { count: length, data });
    return data;
  }

  #names(all: readonly Mover[], { selected, hovered, text, halo, project }: Look): Layer[] {
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

/** Circles that grow with how many they stand for, and the number in each. */
function clusterLayers(clusters: readonly Cluster[], { accent, onAccent, halo }: Look): Layer[] {
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
