import type { Layer } from '@deck.gl/core';
import { ScatterplotLayer, TextLayer } from '@deck.gl/layers';
import type { LonLat } from '../../live/geometry.ts';
import type { Cluster } from '../movers/clusters.ts';
import { GREY, type MapScene } from './map-scene.ts';
import { mercator } from '../movers/mercator.ts';
import { MoverLayer, NO_HEADING, SHAPE, type Points } from './mover-layer.ts';
import type { Mover } from '../movers/mover.ts';
import type { Outlier } from '../movers/outliers.ts';

/** Outliers as crosses. */
export function outlierLayers(outliers: readonly Outlier[], scene: MapScene): Layer[] {
  if (outliers.length === 0) return [];
  const points = pointsOf(
    outliers.map(({ at, subject }) => ({ at, colour: subject.colour, shape: SHAPE.outlier })),
    scene,
  );
  return [new MoverLayer({ id: 'outliers', ...points, pickable: true, radius: 12, halo: scene.halo })];
}

/** Where movers were at the time of the shared cursor. */
export function ghostLayers(all: readonly Mover[], scene: MapScene): Layer[] {
  if (!scene.ghosts) return [];
  const places = [...scene.ghosts].flatMap(([i, at]) =>
    all[i] ? [{ at, colour: all[i].subject.colour, shape: SHAPE.moving }] : [],
  );
  return [new MoverLayer({ id: 'ghosts', ...pointsOf(places, scene), radius: 13, halo: scene.halo })];
}

/** A ring around the selected mover. */
export const ringLayer = ({ selected, ghosts, accent }: MapScene): Layer =>
  new ScatterplotLayer({
    id: 'ring',
    data: selected && !ghosts ? [selected] : [],
    getPosition: ({ shown }: Mover) => [shown[0], shown[1]],
    updateTriggers: { getPosition: selected?.shown },
    radiusUnits: 'pixels',
    getRadius: 17,
    stroked: true,
    lineWidthUnits: 'pixels',
    getLineWidth: 2,
    getFillColor: [...accent, 40],
    getLineColor: [...accent, 255],
    billboard: true,
  });

/** Clusters as circles that grow with the number of movers, and that number. */
export function clusterLayers(clusters: readonly Cluster[], { accent, onAccent, halo }: MapScene): Layer[] {
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

/** A few points anywhere, as a MoverLayer takes them. */
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

const short = (n: number): string => (n < 1000 ? String(n) : `${(n / 1000).toFixed(n < 10_000 ? 1 : 0)}k`);
