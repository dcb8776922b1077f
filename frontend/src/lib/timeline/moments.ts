import type { CloudEvent } from '../../../../schemas/types.ts';
import type { Arrival, ChannelState, Sink } from '../live/channels.ts';
import { keyOf } from '../live/subjects.ts';
import type { Topology } from '../live/topology.ts';

export type MomentKind = 'alert' | 'stop' | 'fence';

/** Something that happened: what a person wants to jump to. Times are recording time, ms. */
export interface Moment {
  readonly kind: MomentKind;
  readonly timeMs: number;
  /** When the stop began; for others the moment itself. */
  readonly fromMs: number;
  readonly subject: string;
  /** The subject's key on the page. */
  readonly key: string;
  /** Which way: `arrived` or `left`, `enter` or `exit`; of an alert how severe it is. */
  readonly what: string;
  /** The fence's name, or what the alert says. */
  readonly name: string;
  readonly channel: string;
}

const MOST = 5000;

/**
 * Alerts, stops and fence crossings, in the order of their times. They are kept when an epoch is void: a recording that is
 * played again has the same, and those ahead are what one wants to jump to. They are forgotten when another replay comes.
 */
export class Moments implements Sink {
  readonly all: Moment[] = [];
  /** Moves with every change. */
  version = 0;
  #known = new Set<string>();
  #replays = new Map<string, string | undefined>();
  readonly #topology: Topology;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void {
    if (arrival !== 'snapshot') this.recall(channel, events, times);
  }

  /** Takes events of epochs before this one. */
  recall(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array): void {
    events.forEach((event, i) => {
      if (event.restored) return;
      const found = momentOf(
        event,
        times[i] as number,
        keyOf(this.#topology.root(channel.name), event.subject),
      );
      if (!found) return;
      if (this.#replays.has(channel.name) && this.#replays.get(channel.name) !== event.replay) {
        // Out of the log of a replay before, or the first of a new one.
        if (event.epoch < channel.epoch) return;
        this.clear(channel.name);
      }
      this.#replays.set(channel.name, event.replay);
      this.#add(found);
    });
  }

  /** Whether what the log has of epochs before is of use: a channel that tells of moments, or has told nothing yet. */
  wants(history: readonly CloudEvent[]): boolean {
    return history.every(isMoment);
  }

  forget(): void {
    // An epoch that is void says nothing about the recording.
  }

  /** Forgets what a channel told: what it is derived with has changed. */
  clear(channel: string): void {
    const kept = this.all.filter((moment) => moment.channel !== channel);
    if (kept.length === this.all.length) return;
    this.all.splice(0, this.all.length, ...kept);
    this.#known = new Set(kept.map(identity));
    this.version++;
  }

  /** The next (1) or the one before (-1), strictly; of one subject where one is named, alerts always. */
  next(fromMs: number, direction: 1 | -1, key?: string): Moment | undefined {
    const wanted = (moment: Moment): boolean =>
      (moment.timeMs - fromMs) * direction > 0 && (!key || moment.key === key || moment.kind === 'alert');
    return direction === 1 ? this.all.find(wanted) : this.all.findLast(wanted);
  }

  #add(moment: Moment): void {
    const id = identity(moment);
    if (this.#known.has(id)) return;
    this.#known.add(id);
    let at = this.all.length;
    while (at > 0 && (this.all[at - 1] as Moment).timeMs > moment.timeMs) at--;
    if (moment.what === 'arrived' && !this.#isFirst(moment, at)) return;
    this.all.splice(at, 0, moment);
    if (this.all.length > MOST) this.#known.delete(identity(this.all.shift() as Moment));
    this.version++;
  }

  /**
   * Whether an arrival, to be put at an index, is that of a stay that is not known yet. A replay that begins within a stay finds
   * it to begin there; the earliest that was found is the true one, and takes the place of the others.
   */
  #isFirst({ channel, subject }: Moment, at: number): boolean {
    const sameSubject = (other: Moment): boolean =>
      other.kind === 'stop' && other.subject === subject && other.channel === channel;
    for (let i = at - 1; i >= 0; i--) {
      const before = this.all[i] as Moment;
      if (!sameSubject(before)) continue;
      if (before.what === 'arrived') return false;
      break;
    }
    const next = this.all.findIndex((other, i) => i >= at && sameSubject(other));
    if (this.all[next]?.what === 'arrived') this.all.splice(next, 1);
    return true;
  }
}

/** The same happening, found again in another epoch, has the same. */
const identity = ({ channel, subject, what, name, timeMs }: Moment): string =>
  [channel, subject, what, name, Math.round(timeMs / 1000)].join('\n');

const isMoment = (event: CloudEvent): boolean =>
  momentOf(event, 0, '') !== undefined || event.data.event === 'dwell';

/** What an event tells, by the members that its schema demands: a stop, a fence crossing or an alert; else undefined. */
function momentOf({ type, subject, data }: CloudEvent, timeMs: number, key: string): Moment | undefined {
  const { event, severity, message } = data;
  const common = { subject, key, channel: type };
  const moment = (member: unknown): number => (typeof member === 'string' ? Date.parse(member) : NaN);
  if (event === 'arrived' || event === 'left') {
    const arrived = moment(data['arrived']);
    const at = event === 'left' ? moment(data['left']) : arrived;
    if (Number.isNaN(at)) return undefined;
    return { ...common, kind: 'stop', timeMs: at, fromMs: arrived, what: event, name: '' };
  }
  if ((event === 'enter' || event === 'exit') && typeof data['fence'] === 'string') {
    if (data['synthetic']) return undefined;
    const name = typeof data['name'] === 'string' ? data['name'] : data['fence'];
    return { ...common, kind: 'fence', timeMs, fromMs: timeMs, what: event, name };
  }
  if (typeof severity === 'string' && typeof message === 'string')
    return { ...common, kind: 'alert', timeMs, fromMs: timeMs, what: severity, name: message };
  return undefined;
}
