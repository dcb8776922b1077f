import type { LonLat } from '../../live/geometry.ts';
import { metresTo } from './geo.ts';

/** A shorter move is noise of a device that stands still. */
const STEP_M = 4;
/** How far a fix may lie beside the straight segment that represents it. */
const ASIDE_M = 3;
/** A segment fades as a whole, so it must not be longer. */
const LONGEST_M = 200;

/**
 * Draws one trail with few segments: fixes on a straight line become one segment. The part that is not drawn yet goes from
 * `end` to `last`, and on to the mover.
 */
export class TrailPen {
  /** The end of the drawn line; null while the pen is lifted. */
  end: LonLat | null = null;
  /** The last place that the pen was moved to, and its event time, ms. */
  last: LonLat | null = null;
  lastMs = NaN;
  /** Direction of the segment: a unit vector, east and north. */
  #along: [number, number] | null = null;
  readonly #draw: (from: LonLat, to: LonLat, timeMs: number) => void;

  constructor(draw: (from: LonLat, to: LonLat, timeMs: number) => void) {
    this.#draw = draw;
  }

  moveTo(place: LonLat, timeMs: number): void {
    if (!this.end || !this.last) {
      this.end = this.last = place;
      this.lastMs = timeMs;
      return;
    }
    const [x, y] = metresTo(this.last, place);
    if (Math.hypot(x, y) < STEP_M) {
      this.lastMs = timeMs;
      return;
    }
    if (this.#along && !this.#straight(place)) this.#commit();
    const [east, north] = metresTo(this.end, place);
    const length = Math.hypot(east, north);
    this.#along ??= [east / length, north / length];
    this.last = place;
    this.lastMs = timeMs;
  }

  /** Ends the line; the next move begins a new one. */
  lift(): void {
    if (this.#along) this.#commit();
    this.end = this.last = null;
  }

  #straight(place: LonLat): boolean {
    const [along, [east, north]] = [this.#along as [number, number], metresTo(this.end as LonLat, place)];
    const [x, y] = metresTo(this.last as LonLat, place);
    const aside = Math.abs(along[0] * north - along[1] * east);
    return aside <= ASIDE_M && along[0] * x + along[1] * y > 0 && Math.hypot(east, north) <= LONGEST_M;
  }

  #commit(): void {
    this.#draw(this.end as LonLat, this.last as LonLat, this.lastMs);
    this.end = this.last;
    this.#along = null;
  }
}
