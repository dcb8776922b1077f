import type { CloudEvent } from '../../../../../schemas/types.ts';
import type { Arrival, ChannelState, EventSink } from '../../live/channel-state.ts';
import { isPlace } from '../../live/event-data.ts';
import { keyOf, type Subject, type Subjects } from '../../live/subjects/subjects.ts';
import type { Topology } from '../../live/topology.ts';
import { drawTrail, glideOn, moveTo, newMover, placeOf, stepBack, updateState, type Mover } from './mover.ts';
import { Outliers, type Outlier } from './outliers.ts';
import { TrailPen } from './trail-pen.ts';
import { Trails } from './trails.ts';

const GREY = [128, 128, 128];

/** The positions of all subjects, and their trails. */
export class Movers implements EventSink {
  readonly all: Mover[] = [];
  readonly byKey = new Map<string, Mover>();
  /** By root channel. */
  readonly trails = new Map<string, Trails>();
  /** Glide between fixes; off for people who prefer reduced motion. */
  glide = true;
  /** Changes when movers are added or removed. */
  version = 0;
  /** The colour of a subject in the current theme. */
  rgbOf: (subject: Subject) => readonly number[] = () => GREY;
  /** For a root channel, the channel with the positions: itself, otherwise the first derived one that has any. */
  #leads = new Map<string, string>();
  readonly #outliers = new Outliers();
  readonly #subjects: Subjects;
  readonly #topology: Topology;

  constructor(subjects: Subjects, topology: Topology) {
    this.#subjects = subjects;
    this.#topology = topology;
  }

  /** The latest outliers, oldest first. */
  get outliers(): readonly Outlier[] {
    return this.#outliers.all;
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
      if (event.data['outlier'] === true) this.#reject(root, event, timeMs);
      if (this.#leads.get(root) === channel.name) this.#move(root, event, timeMs, arrival, now);
      const mover = this.byKey.get(keyOf(root, event.subject));
      if (mover) updateState(mover, event.data);
    });
  }

  forget(channel: ChannelState): void {
    const root = this.#topology.root(channel.name);
    if (this.#leads.get(root) !== channel.name) return;
    this.#leads.delete(root);
    this.#clear(root);
  }

  /** The channel with the positions of a root channel's subjects; undefined while none has any. */
  leadOf(root: string): string | undefined {
    return this.#leads.get(root);
  }

  /** Moves what is shown towards the fixes; true while something still moves. */
  step(now: number): boolean {
    let moving = false;
    for (const mover of this.all) moving = glideOn(mover, now) || moving;
    return moving;
  }

  /** Gives all trails the current colours of their subjects. */
  recolourTrails(): void {
    for (const trails of this.trails.values()) {
      trails.recolour((index) => {
        const mover = this.all[index];
        return mover ? this.rgbOf(mover.subject) : GREY;
      });
    }
  }

  #move(root: string, event: CloudEvent, timeMs: number, arrival: Arrival, now: number): void {
    const subject = this.#subjects.get(root, event.subject);
    subject.present = true;
    // A snapshot has the only event of those that are long silent.
    subject.heard(timeMs);
    if (this.#outliers.has(subject, timeMs)) return;
    const mover = this.byKey.get(subject.key);
    if (!mover) this.#add(root, subject, event, timeMs, now);
    else if (event.offset > mover.offset)
      moveTo(mover, { event, timeMs, now, glide: this.glide && arrival === 'live' });
    // The snapshot is newer; the history only draws the trail up to it.
    else if (arrival === 'past') drawTrail(mover, placeOf(event), timeMs);
  }

  /** Takes back a fix that is an outlier: the mover returns to its previous place, and the trail leaves the fix out. */
  #reject(root: string, event: CloudEvent, timeMs: number): void {
    const subject = this.#subjects.get(root, event.subject);
    if (!this.#outliers.note(subject, event, timeMs)) return;
    const mover = this.byKey.get(subject.key);
    if (!mover) return;
    if (mover.timeMs === timeMs) stepBack(mover);
    else this.trails.get(root)?.erase(mover.index, timeMs);
  }

  #add(root: string, subject: Subject, event: CloudEvent, timeMs: number, now: number): void {
    const pen = new TrailPen((from, to, atMs) => {
      let trails = this.trails.get(root);
      if (!trails) this.trails.set(root, (trails = new Trails()));
      trails.add(from, to, atMs, mover.index, this.rgbOf(subject));
    });
    const mover = newMover(subject, this.all.length, pen, { event, timeMs, now });
    this.byKey.set(subject.key, mover);
    this.all.push(mover);
    this.version++;
  }

  /** Removes the movers of a root channel; the others get new indexes, in their trails too. */
  #clear(root: string): void {
    this.#outliers.forget(root);
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
    }
    this.recolourTrails();
    this.version++;
  }
}
