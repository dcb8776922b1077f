import type { CloudEvent } from '../../../../../schemas/types.ts';
import type { LonLat } from '../../live/geometry.ts';
import type { Subject } from '../../live/subjects/subjects.ts';
import { bearing, metresBetween } from './geo.ts';
import type { TrailPen } from './trail-pen.ts';

/** A subject on the map. `at` is its latest fix; `shown` glides towards it and is never ahead of it. */
export interface Mover {
  readonly subject: Subject;
  /** Its position in the list of movers. */
  index: number;
  at: LonLat;
  shown: LonLat;
  readonly pen: TrailPen;
  /** Event time of the fix, ms. */
  timeMs: number;
  offset: number;
  /** Degrees clockwise from north; null while unknown. A reported heading takes precedence over a computed one. */
  heading: number | null;
  /** What events report: the heading of a service takes precedence over the bearing of the device. */
  readonly reported: { heading: number | null; bearing: number | null };
  stopped: boolean;
  /** Its fix is from before a start or a seek; it has had no event since. */
  restored: boolean;
  /** The fix before the latest one, for when the latest turns out to be an outlier. */
  before: { at: LonLat; timeMs: number };
  glideFrom: LonLat;
  glideStart: number;
  glideMs: number;
  /** When the latest fix arrived (performance.now). */
  arrivedAt: number;
  /** Usual time between its fixes, event time, ms. */
  usualGapMs: number;
}

const LONGEST_GLIDE_MS = 1200;
/** The highest believable speed, m/s. A faster jump is an error, or two things with one name. */
const FASTEST_MPS = 1000;
/** A pause this many times longer than usual, and longer than five minutes, breaks the trail. */
const BREAK = 20;
const SHORTEST_BREAK_MS = 300_000;

/** A mover at its first fix. `now`: performance.now. */
export function newMover(
  subject: Subject,
  index: number,
  pen: TrailPen,
  { event, timeMs, now }: { event: CloudEvent; timeMs: number; now: number },
): Mover {
  const at = placeOf(event);
  return {
    subject,
    index,
    at,
    shown: at,
    pen,
    timeMs,
    offset: event.offset,
    heading: null,
    reported: { heading: null, bearing: null },
    stopped: false,
    restored: event.restored ?? false,
    before: { at, timeMs },
    glideFrom: at,
    glideStart: now,
    glideMs: 0,
    arrivedAt: now,
    usualGapMs: 0,
  };
}

/** Moves a mover to a new fix; `glide`: it glides there, and several fixes of one batch are one glide to the last of them. */
export function moveTo(
  mover: Mover,
  { event, timeMs, now, glide }: { event: CloudEvent; timeMs: number; now: number; glide: boolean },
): void {
  const at = placeOf(event);
  drawTrail(mover, mover.at, mover.timeMs);
  const broken = breaksTrail(mover.at, mover.timeMs, at, timeMs, mover.usualGapMs);
  const gapMs = timeMs - mover.timeMs;
  if (gapMs > 0) mover.usualGapMs = mover.usualGapMs ? mover.usualGapMs * 0.8 + gapMs * 0.2 : gapMs;
  if (broken) mover.pen.lift();
  if (broken || !glide) mover.glideMs = 0;
  else if (now > mover.arrivedAt) {
    mover.glideFrom = mover.shown;
    mover.glideStart = now;
    mover.glideMs = Math.min(now - mover.arrivedAt, LONGEST_GLIDE_MS);
  }
  mover.arrivedAt = now;
  if (!broken) mover.heading = reportedHeading(mover) ?? bearing(mover.at, at) ?? mover.heading;
  mover.before = { at: mover.at, timeMs: mover.timeMs };
  mover.at = at;
  mover.timeMs = timeMs;
  mover.offset = event.offset;
  mover.restored = event.restored === true;
  if (mover.glideMs === 0) mover.shown = at;
}

/** Moves what is shown towards the fix; true while it has not arrived. */
export function glideOn(mover: Mover, now: number): boolean {
  if (mover.shown === mover.at) return false;
  // The time of a frame may lie before the arrival that it shows.
  const share = mover.glideMs > 0 ? Math.max(0, now - mover.glideStart) / mover.glideMs : 1;
  if (share >= 1) {
    mover.shown = mover.at;
    return false;
  }
  const [x, y] = mover.glideFrom;
  mover.shown = [x + (mover.at[0] - x) * share, y + (mover.at[1] - y) * share];
  return true;
}

/** Puts a mover back to the fix before the latest one. */
export function stepBack(mover: Mover): void {
  mover.at = mover.shown = mover.before.at;
  mover.timeMs = mover.before.timeMs;
  mover.glideMs = 0;
}

/** Draws the trail to a place, unless the way there breaks it. */
export function drawTrail({ pen, usualGapMs }: Mover, to: LonLat, timeMs: number): void {
  if (pen.last && breaksTrail(pen.last, pen.lastMs, to, timeMs, usualGapMs)) pen.lift();
  pen.moveTo(to, timeMs);
}

/** Takes heading and state from the data of an event. */
export function updateState(mover: Mover, data: CloudEvent['data']): void {
  const { reported } = mover;
  if (data.heading_degrees !== undefined) reported.heading = numberOr(data.heading_degrees);
  else if (data.bearing !== undefined) reported.bearing = numberOr(data.bearing);
  mover.heading = reportedHeading(mover) ?? mover.heading;
  if (data.state === 'moving' || data.state === 'stopped') mover.stopped = data.state === 'stopped';
}

/** The place in the data of an event; `isPlace` says whether there is one. */
export function placeOf({ data }: CloudEvent): LonLat {
  const { longitude, latitude } = data as { longitude: number; latitude: number };
  return [longitude, latitude];
}

const reportedHeading = ({ reported: { heading, bearing: byDevice } }: Mover): number | null =>
  heading ?? byDevice;

const numberOr = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** Whether the way between two fixes is not drawn: around the world, back in time, after a long pause, or impossibly fast. */
function breaksTrail(at: LonLat, atMs: number, next: LonLat, nextMs: number, usualGapMs: number): boolean {
  const gapMs = nextMs - atMs;
  const isPause = usualGapMs > 0 && gapMs > Math.max(SHORTEST_BREAK_MS, BREAK * usualGapMs);
  const isAround = Math.abs(next[0] - at[0]) > 180;
  return (
    gapMs < 0 || isPause || isAround || metresBetween(at, next) > FASTEST_MPS * Math.max(1, gapMs / 1000)
  );
}
