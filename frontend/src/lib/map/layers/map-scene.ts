import type { LonLat } from '../../live/geometry.ts';
import type { Rgb } from '../../ui/colours.ts';
import type { Grouping } from '../movers/clusters.ts';
import type { Mover } from '../movers/mover.ts';

/** What the layers of one frame need besides the movers. */
export interface MapScene {
  /** The colours of the subjects. */
  palette: readonly Rgb[];
  halo: Rgb;
  text: Rgb;
  accent: Rgb;
  onAccent: Rgb;
  selected: Mover | undefined;
  hovered: Mover | undefined;
  /** The centre of the map. */
  centre: LonLat;
  /** The pixel of a place on the map. */
  project: (place: LonLat) => { x: number; y: number };
  /** Seconds of event time after which a trail has faded; 0: never; undefined: no trails. */
  trailSeconds: number | undefined;
  /** The most chunks of trails to draw, newest first: without a GPU they take the most time. */
  trailChunks: number;
  /** Event time of the latest event of a root channel, ms. */
  nowMs: (root: string) => number;
  /** Which movers are drawn as clusters; undefined: none. */
  grouping: Grouping | undefined;
  /** Where movers were at the time of the shared cursor, by index; undefined without such a time. */
  ghosts: ReadonlyMap<number, LonLat> | undefined;
  /** Leave out silent movers: with a box filter they would stay at its edge for ever. */
  hideSilent: boolean;
}

/** The colour of a subject without one. */
export const GREY: Rgb = [128, 128, 128];
