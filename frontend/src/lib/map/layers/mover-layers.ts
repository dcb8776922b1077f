import type { Layer } from '@deck.gl/core';
import { FadingLines } from './fading-lines.ts';
import { GREY, type MapScene } from './map-scene.ts';
import { mercator } from '../movers/mercator.ts';
import { MoverLayer, NO_HEADING, SHAPE } from './mover-layer.ts';
import type { Mover } from '../movers/mover.ts';
import type { Movers } from '../movers/movers.ts';
import { nameLayers } from './name-layer.ts';
import type { Outlier } from '../movers/outliers.ts';
import { clusterLayers, ghostLayers, outlierLayers, ringLayer } from './point-layers.ts';
import type { TrailChunk, Trails } from '../movers/trails.ts';

/** A mover is silent after this many of its usual gaps, and at least this long (event time). */
const SILENT = { gaps: 6, leastMs: 15_000 };
/** Opacity, 0..255, of a mover; `back`: another one is selected; `past`: the cursor is on another time. */
const ALPHA = { full: 255, back: 150, silent: 110, past: 70 };
/** Opacity of the newest part of a trail. */
const TAIL_ALPHA = { full: 204, back: 60 };
/** With more movers than this they are drawn smaller. */
const MANY = 400;
const RADIUS_PX = { few: 12, many: 8 };
const RAD = Math.PI / 180;

type Point = readonly [x: number, y: number];

/** Builds the deck.gl layers of a frame from typed arrays; trails that the GPU already has are not uploaded again. */
export class MoverLayers {
  /** Grows with each frame: movers are uploaded each time. */
  #version = 0;
  #at = new Float32Array(0);
  #colours = new Uint8ClampedArray(0);
  #shapes = new Float32Array(0);
  /** Two segments for each mover: what its pen has not drawn yet. */
  #tailFrom = new Float32Array(0);
  #tailTo = new Float32Array(0);
  #tailColours = new Uint8ClampedArray(0);

  /** The movers that are drawn one by one, in drawing order. */
  drawn: readonly Mover[] = [];
  /** The outliers in drawing order. */
  shownOutliers: readonly Outlier[] = [];

  build(movers: Movers, scene: MapScene): Layer[] {
    const { grouping, ghosts, halo } = scene;
    const all = grouping ? Array.from(grouping.single, (i) => movers.all[i] as Mover) : movers.all;
    this.drawn = all;
    const origin = mercator(scene.centre);
    const version = ++this.#version;
    this.#reserve(all.length);
    all.forEach((mover, i) => this.#fill(mover, i, origin, scene));
    const trailsOn = scene.trailSeconds !== undefined;
    this.shownOutliers = trailsOn ? movers.outliers.filter((outlier) => isVisible(outlier, scene)) : [];
    return [
      ...(trailsOn ? [...movers.trails].flatMap(([root, trails]) => trailLayers(root, trails, scene)) : []),
      new FadingLines({
        id: 'tails',
        count: trailsOn ? all.length * 2 : 0,
        version,
        origin,
        segments: { from: this.#tailFrom, to: this.#tailTo, colours: this.#tailColours },
      }),
      ringLayer(scene),
      new MoverLayer({
        id: 'movers',
        count: all.length,
        version,
        origin,
        pickable: true,
        points: { at: this.#at, colours: this.#colours, shapes: this.#shapes },
        radius: all.length > MANY ? RADIUS_PX.many : RADIUS_PX.few,
        halo,
      }),
      ...outlierLayers(this.shownOutliers, scene),
      ...clusterLayers(grouping?.clusters ?? [], scene),
      ...ghostLayers(movers.all, scene),
      ...nameLayers(ghosts ? [] : all, scene),
    ];
  }

  /** Makes room for a number of movers, and for as many again. */
  #reserve(count: number): void {
    if (this.#at.length >= count * 2) return;
    const room = Math.max(64, count * 2);
    this.#at = new Float32Array(room * 2);
    this.#tailFrom = new Float32Array(room * 4);
    this.#tailTo = new Float32Array(room * 4);
    this.#tailColours = new Uint8ClampedArray(room * 8);
    this.#colours = new Uint8ClampedArray(room * 4);
    this.#shapes = new Float32Array(room * 2);
  }

  #fill(mover: Mover, i: number, origin: Point, scene: MapScene): void {
    const { palette, selected, ghosts, hideSilent, nowMs } = scene;
    const { end, last } = mover.pen;
    const silentMs = nowMs(mover.subject.root) - mover.timeMs;
    const isSilent = silentMs > Math.max(SILENT.leastMs, SILENT.gaps * mover.usualGapMs);
    const isHidden = isSilent && hideSilent;
    const isBack = selected !== undefined && selected !== mover;
    const alpha = ghosts ? ALPHA.past : isBack ? ALPHA.back : ALPHA.full;
    const tailAlpha = ghosts || isBack ? TAIL_ALPHA.back : TAIL_ALPHA.full;
    const shown = mercator([mover.shown[0], mover.shown[1]]);
    const latest = last ? mercator([last[0], last[1]]) : shown;
    put(this.#at, i * 2, shown, origin);
    // The first segment goes up to the last fix, the second on to where the mover is shown.
    put(this.#tailFrom, i * 4, end ? mercator([end[0], end[1]]) : shown, origin);
    put(this.#tailTo, i * 4, latest, origin);
    put(this.#tailFrom, i * 4 + 2, latest, origin);
    put(this.#tailTo, i * 4 + 2, shown, origin);
    const colour = palette[mover.subject.colour] ?? GREY;
    this.#colours.set(colour, i * 4);
    this.#colours[i * 4 + 3] = isHidden ? 0 : isSilent ? Math.min(alpha, ALPHA.silent) : alpha;
    this.#tailColours.set(colour, i * 8);
    this.#tailColours.set(colour, i * 8 + 4);
    this.#tailColours[i * 8 + 3] = this.#tailColours[i * 8 + 7] = isHidden ? 0 : tailAlpha;
    this.#shapes[i * 2] = mover.heading === null ? NO_HEADING : mover.heading * RAD;
    this.#shapes[i * 2 + 1] = mover.restored ? SHAPE.restored : mover.stopped ? SHAPE.stopped : SHAPE.moving;
  }
}

function put(to: Float32Array, at: number, place: Point, origin: Point): void {
  to[at] = place[0] - origin[0];
  to[at + 1] = place[1] - origin[1];
}

/** The newest chunks of the trails of a root channel that have not faded. */
function trailLayers(root: string, trails: Trails, scene: MapScene): Layer[] {
  const { trailSeconds = 0, trailChunks, nowMs, selected } = scene;
  const now = (nowMs(root) - trails.originMs) / 1000;
  const isFaded = ({ times, count }: TrailChunk): boolean =>
    trailSeconds > 0 && !(now - (times[count - 1] ?? 0) < trailSeconds);
  return trails.chunks
    .slice(-trailChunks)
    .filter((chunk) => !isFaded(chunk))
    .map(
      (chunk) =>
        new FadingLines({
          id: `trail-${chunk.id}`,
          count: chunk.count,
          origin: chunk.origin,
          segments: chunk,
          version: chunk.id,
          opacity: 0.8,
          now,
          span: trailSeconds,
          selected: selected?.subject.root === root ? selected.index : -1,
        }),
    );
}

/** Outliers fade with the trails. */
const isVisible = ({ subject, timeMs }: Outlier, { trailSeconds, nowMs }: MapScene): boolean =>
  !trailSeconds || nowMs(subject.root) - timeMs < trailSeconds * 1000;
