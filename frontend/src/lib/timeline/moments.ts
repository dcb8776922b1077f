import type { CloudEvent } from '../../../../schemas/types.ts';
import type { Arrival, ChannelState, EventSink } from '../live/channel-state.ts';
import { keyOf } from '../live/subjects/subjects.ts';
import type { Topology } from '../live/topology.ts';

/** The kinds of moments. */
export type MomentKind = 'alert' | 'stop' | 'fence';

/** An alert, a stop or a fence crossing: something to jump to. Times are recording time, ms. */
export interface Moment {
  readonly kind: MomentKind;
  readonly timeMs: number;
  /** When the stop began; for other kinds the same as `timeMs`. */
  readonly fromMs: number;
  readonly subject: string;
  /** The subject's key on the page. */
  readonly key: string;
  /** `arrived` or `left` for a stop, `enter` or `exit` for a fence, the severity for an alert. */
  readonly what: string;
  /** The fence's name, or the message of the alert. */
  readonly name: string;
  readonly channel: string;
}

const MOST = 5000;

/**
 * Alerts, stops and fence crossings, in the order of their times. They are kept when an epoch is void, because the recording
 * still has them and people jump to those ahead. When another replay is shown, `clear` forgets them.
 */
export class Moments implements EventSink {
  readonly all: Moment[] = [];
  /** Changes with every change of the list. */
  version = 0;
  #known = new Set<string>();
  readonly #topology: Topology;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void {
    if (arrival !== 'snapshot') this.recall(channel, events, times);
  }

  /** Takes events of earlier epochs. */
  recall(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array): void {
    events.forEach((event, i) => {
      if (event.restored) return;
      const found = momentOf(
        event,
        times[i] as number,
        keyOf(this.#topology.root(channel.name), event.subject),
      );
      if (found) this.#add(found);
    });
  }

  /** Whether earlier epochs may hold moments: the channel has only moments so far, or no events at all. */
  wants(history: readonly CloudEvent[]): boolean {
    return history.every(isMoment);
  }

  forget(): void {
    // Moments belong to the recording, not to the epoch.
  }

  /** Forgets the moments of a channel, because its service has new parameters; without a channel, all moments. */
  clear(channel?: string): void {
    const kept = channel === undefined ? [] : this.all.filter((moment) => moment.channel !== channel);
    if (kept.length === this.all.length) return;
    this.all.splice(0, this.all.length, ...kept);
    this.#known = new Set(kept.map(identity));
    this.version++;
  }

  /** The next (1) or previous (-1) moment after or before a time; with `key` only of that subject, and all alerts. */
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
   * Whether an arrival, to be inserted at an index, starts a stop that is not known yet. A replay that starts during a stop
   * reports its own start as the arrival; the earliest arrival is the true one and replaces the others.
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

/** Equal for the same moment found again in another epoch. */
const identity = ({ channel, subject, what, name, timeMs }: Moment): string =>
  [channel, subject, what, name, Math.round(timeMs / 1000)].join('\n');

const isMoment = (event: CloudEvent): boolean =>
  momentOf(event, 0, '') !== undefined || event.data.event === 'dwell';

/** The stop, fence crossing or alert that an event reports, recognised by the members of its schema; otherwise undefined. */
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
