import type { CloudEvent } from '../../../../schemas/types.ts';
import type { Arrival, ChannelState, Sink } from '../live/channels.ts';
import { bearing, isPlace, metresBetween, type LonLat } from './geo.ts';
import { TrailPen } from './trail-pen.ts';
import type { Subject, Subjects } from '../live/subjects.ts';
import type { Topology } from '../live/topology.ts';
import { Trails } from './trails.ts';

/** A subject on the map. `at` is its latest fix; `shown` glides towards it and is never ahead of it. */
export interface Mover {
  readonly subject: Subject;
  index: number;
  at: LonLat;
  shown: LonLat;
  readonly pen: TrailPen;
  /** Event time of the fix, ms. */
  timeMs: number;
  offset: number;
  /** Degrees clockwise from north; null while unknown. What is told counts before what is worked out here. */
  heading: number | null;
  /** What events tell of it: a service's heading counts before the device's bearing, whichever comes first. */
  readonly told: { heading: number | null; bearing: number | null };
  stopped: boolean;
  /** Known from before a start or a seek; nothing has been heard of it since. */
  restored: boolean;
  /** The fix before the latest one, for when that turns out to be an outlier. */
  before: { at: LonLat; timeMs: number };
  glideFrom: LonLat;
  glideStart: number;
  glideMs: number;
  arrivedAt: number;
  /** Usual time between its fixes, event time, ms. */
  usualGapMs: number;
}

/** A fix that is not believed, and why. */
export interface Outlier {
  readonly subject: Subject;
  readonly at: LonLat;
  readonly timeMs: number;
  readonly reason: string;
}

const MOST_OUTLIERS = 300;
const LONGEST_GLIDE_MS = 1200;
/** Nothing that is followed here is faster; a way that would need it (m/s) is a mistake, or two things of one name. */
const FASTEST = 1000;
/** A pause in the fixes this many times the usual one, and longer than five minutes, breaks the trail. */
const BREAK = 20;
const SHORTEST_BREAK_MS = 300_000;

/** Positions of all subjects, and their trails. */
export class Movers implements Sink {
  readonly all: Mover[] = [];
  readonly byKey = new Map<string, Mover>();
  readonly trails = new Map<string, Trails>();
  /** The latest fixes that are not believed, oldest first. */
  readonly outliers: Outlier[] = [];
  /** Glide between fixes; off for people who prefer reduced motion. */
  glide = true;
  /** Moves when movers come or go. */
  version = 0;
  /** RGB of a subject in the current theme. */
  rgbOf: (subject: Subject) => readonly number[] = () => [128, 128, 128];
  /** The channel that tells the positions of a root channel: itself, else the first derived one that has any. */
  #leads = new Map<string, string>();
  /** Outliers by subject and time: a fix and what is said of it come on different channels, in any order. */
  #disbelieved = new Set<string>();
  readonly #subjects: Subjects;
  readonly #topology: Topology;

  constructor(subjects: Subjects, topology: Topology) {
    this.#subjects = subjects;
    this.#topology = topology;
  }

  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void {
    const root = this.#topology.root(channel.name);
    const now = performance.now();
    events.forEach((event, i) => {
      if (!isPlace(event.data)) return;
      if (!this.#leads.has(root) || (channel.name === root && this.#leads.get(root) !== root)) {
        this.#clear(root);
        this.#leads.set(root, channel.name);
      }
      const timeMs = times[i] as number;
      if (event.data['outlier'] === true) this.#disbelieve(root, event, timeMs);
      if (this.#leads.get(root) === channel.name) this.#move(root, event, timeMs, arrival, now);
      this.#describe(this.byKey.get(`${root}\n${event.subject}`), event.data);
    });
    if (arrival === 'snapshot' && this.#leads.get(root) === channel.name) this.#subjects.arrange(root);
  }

  forget(channel: ChannelState): void {
    const root = this.#topology.root(channel.name);
    if (this.#leads.get(root) !== channel.name) return;
    this.#leads.delete(root);
    this.#clear(root);
  }

  /** The channel that tells where the subjects of a root channel are; undefined while none does. */
  leadOf(root: string): string | undefined {
    return this.#leads.get(root);
  }

  /** Moves what is shown towards the fixes; true while something still moves. */
  step(now: number): boolean {
    let moving = false;
    for (const mover of this.all) {
      if (mover.shown === mover.at) continue;
      // A frame's time may lie before the arrival that it shows.
      const t = mover.glideMs > 0 ? Math.max(0, now - mover.glideStart) / mover.glideMs : 1;
      if (t >= 1) mover.shown = mover.at;
      else {
        const [x, y] = mover.glideFrom;
        mover.shown = [x + (mover.at[0] - x) * t, y + (mover.at[1] - y) * t];
        moving = true;
      }
    }
    return moving;
  }

  #move(root: string, event: CloudEvent, timeMs: number, arrival: Arrival, now: number): void {
    const at = placeOf(event);
    const subject = this.#subjects.get(root, event.subject);
    subject.present = true;
    if (this.#disbelieved.has(fixOf(subject.key, timeMs))) return;
    const mover = this.byKey.get(subject.key);
    if (!mover) {
      this.#add(root, subject, at, event, timeMs, now);
      return;
    }
    if (event.offset <= mover.offset) {
      // The snapshot already stands further on; history only draws the trail that leads there.
      if (arrival === 'past') this.#draw(mover, at, timeMs);
      return;
    }
    this.#draw(mover, mover.at, mover.timeMs);
    const broken = breaks(mover.at, mover.timeMs, at, timeMs, mover.usualGapMs);
    const gap = timeMs - mover.timeMs;
    if (gap > 0) mover.usualGapMs = mover.usualGapMs ? mover.usualGapMs * 0.8 + gap * 0.2 : gap;
    if (broken) mover.pen.lift();
    if (broken || !this.glide || arrival !== 'live') mover.glideMs = 0;
    else if (now > mover.arrivedAt) {
      // Several fixes of one batch are one glide, to the last of them.
      mover.glideFrom = mover.shown;
      mover.glideStart = now;
      mover.glideMs = Math.min(now - mover.arrivedAt, LONGEST_GLIDE_MS);
    }
    mover.arrivedAt = now;
    if (!broken) mover.heading = headingOf(mover.told) ?? bearing(mover.at, at) ?? mover.heading;
    mover.before = { at: mover.at, timeMs: mover.timeMs };
    mover.at = at;
    mover.timeMs = timeMs;
    mover.offset = event.offset;
    mover.restored = event.restored === true;
    if (mover.glideMs === 0) mover.shown = at;
  }

  /** Takes a fix back that is not believed: the mover is where it was before, the trail leaves the place out. */
  #disbelieve(root: string, event: CloudEvent, timeMs: number): void {
    const subject = this.#subjects.get(root, event.subject);
    const fix = fixOf(subject.key, timeMs);
    if (this.#disbelieved.has(fix)) return;
    if (this.#disbelieved.size > 10 * MOST_OUTLIERS) this.#disbelieved.clear();
    this.#disbelieved.add(fix);
    const reason = typeof event.data['outlier_reason'] === 'string' ? event.data['outlier_reason'] : '';
    this.outliers.push({ subject, at: placeOf(event), timeMs, reason });
    if (this.outliers.length > MOST_OUTLIERS) this.outliers.shift();
    const mover = this.byKey.get(subject.key);
    if (!mover) return;
    if (mover.timeMs === timeMs) {
      mover.at = mover.shown = mover.before.at;
      mover.timeMs = mover.before.timeMs;
      mover.glideMs = 0;
    } else this.trails.get(root)?.erase(mover.index, timeMs);
  }

  #add(root: string, subject: Subject, at: LonLat, event: CloudEvent, timeMs: number, now: number): void {
    const { offset, restored = false } = event;
    const pen = new TrailPen((from, to, atMs) => {
      let trails = this.trails.get(root);
      if (!trails) this.trails.set(root, (trails = new Trails()));
      trails.add(from, to, atMs, mover.index, this.rgbOf(subject));
    });
    const mover: Mover = {
      ...{ subject, index: this.all.length, at, shown: at, timeMs, offset, heading: null, stopped: false },
      ...{ told: { heading: null, bearing: null } },
      ...{ pen, usualGapMs: 0, restored, before: { at, timeMs } },
      ...{ glideFrom: at, glideStart: now, glideMs: 0, arrivedAt: now },
    };
    this.byKey.set(subject.key, mover);
    this.all.push(mover);
    this.version++;
  }

  #draw({ pen, usualGapMs }: Mover, to: LonLat, timeMs: number): void {
    if (pen.last && breaks(pen.last, pen.lastMs, to, timeMs, usualGapMs)) pen.lift();
    pen.moveTo(to, timeMs);
  }

  #describe(mover: Mover | undefined, data: CloudEvent['data']): void {
    if (!mover) return;
    const { told } = mover;
    if (data.heading_degrees !== undefined) told.heading = numberOr(data.heading_degrees);
    else if (data.bearing !== undefined) told.bearing = numberOr(data.bearing);
    mover.heading = headingOf(told) ?? mover.heading;
    if (data.state === 'moving' || data.state === 'stopped') mover.stopped = data.state === 'stopped';
  }

  #clear(root: string): void {
    const outliers = this.outliers.filter(({ subject }) => subject.root !== root);
    this.outliers.splice(0, this.outliers.length, ...outliers);
    for (const fix of this.#disbelieved) if (fix.startsWith(`${root}\n`)) this.#disbelieved.delete(fix);
    const kept = this.all.filter(({ subject }) => subject.root !== root);
    if (kept.length === this.all.length) return;
    this.trails.delete(root);
    this.byKey.clear();
    this.all.length = 0;
    const indexes = new Map<number, number>();
    for (const mover of kept) {
      indexes.set(mover.index, this.all.length);
      mover.index = this.all.length;
      this.all.push(mover);
      this.byKey.set(mover.subject.key, mover);
    }
    for (const trails of this.trails.values()) {
      for (const { movers, count } of trails.chunks) {
        for (let i = 0; i < count; i++) movers[i] = indexes.get(movers[i] as number) ?? -1;
      }
      trails.recolour((mover) => this.rgbOf((this.all[mover] as Mover).subject));
    }
    this.version++;
  }
}

const headingOf = ({ heading, bearing: by }: Mover['told']): number | null => heading ?? by;
const numberOr = (value: unknown): number | null => (typeof value === 'number' ? value : null);

const fixOf = (key: string, timeMs: number): string => `${key}\n${timeMs}`;

function placeOf({ data }: CloudEvent): LonLat {
  const { longitude, latitude } = data as { longitude: number; latitude: number };
  return [longitude, latitude];
}

/**
 * Whether the way from one fix to the next is not to be drawn: around the world, back in time, after a long silence, or
 * faster than anything.
 */
function breaks(at: LonLat, atMs: number, next: LonLat, nextMs: number, usualGapMs: number): boolean {
  const gap = nextMs - atMs;
  const silent = usualGapMs > 0 && gap > Math.max(SHORTEST_BREAK_MS, BREAK * usualGapMs);
  const around = Math.abs(next[0] - at[0]) > 180;
  return gap < 0 || silent || around || metresBetween(at, next) > FASTEST * Math.max(1, gap / 1000);
}
