import type { CloudEvent } from '../../../../schemas/types.ts';
import type { Arrival, ChannelState, Sink } from '../live/channels.ts';
import { keyOf, type Subjects } from '../live/subjects.ts';
import type { Topology } from '../live/topology.ts';

type Data = CloudEvent['data'];

const MOST_SUBJECTS = 500;
/** A name that no member has: the channel, and the member or the way to it. */
export const pickOf = (channel: string, member: string): string => `${channel} ${member}`;
const GENERIC = 3;

/** The members of a datum that are charted under a common name. The first that is a number counts. */
export const known: Record<string, readonly string[]> = {
  speed: ['speed_mps'],
  reported: ['speed_meters_per_second', 'speed'],
  distance: ['cumulative_distance_m'],
  elevation: ['elevation', 'altitude', 'ele', 'alt'],
};

/** Numbers that say where, when or which, not how much. */
const notAMeasure = /^(id|.*_id|index|year|month|day|hour|minute|second|time.*|lat.*|lon.*|lng)$/i;

/** The text of a post-like datum. */
export const textOf = (data: Data): string | undefined =>
  [data.text, data.comment, data.message].find(
    (text): text is string => typeof text === 'string' && text !== '',
  );

/** A member of a datum, or of an object in it: `speed` or `speed.mean`. */
function memberOf(data: Data, way: string): unknown {
  const [name = '', inner] = way.split('.');
  const value = data[name];
  return inner === undefined ? value : (value as Record<string, unknown> | null | undefined)?.[inner];
}

/** The numbers of a datum, those of objects in it, too; not those that say where, when or which. */
export function numbersOf(data: Data): string[] {
  return Object.entries(data).flatMap(([name, value]) => {
    if (notAMeasure.test(name)) return [];
    if (typeof value === 'number') return [name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([inner, v]) => (typeof v === 'number' ? [`${name}.${inner}`] : []));
  });
}

/** Turns events into numbers over time: speed, distance and elevation of what moves, else the first numbers of the data. */
export class Metrics implements Sink {
  /** Subjects with numbers, bounded: a stream of posts may have any number of authors. */
  #charted = new Set<string>();
  readonly #subjects: Subjects;
  readonly #topology: Topology;
  /** Per root channel that tells neither speed nor elevation: the members that are charted instead. */
  readonly generic = new Map<string, string[]>();
  /** Members that a person wants charted besides, by channel. */
  readonly picked = new Map<string, Set<string>>();
  /** Root channels that have positions. */
  readonly places = new Set<string>();

  constructor(subjects: Subjects, topology: Topology) {
    this.#subjects = subjects;
    this.#topology = topology;
  }

  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void {
    if (arrival === 'snapshot') return;
    const root = this.#topology.root(channel.name);
    const picked = this.picked.get(channel.name);
    if (picked) this.#pick(channel.name, picked, events, times);
    events.forEach((event, i) => {
      const { data } = event;
      if (!('latitude' in data) && (channel.name !== root || textOf(data) !== undefined)) return;
      const key = keyOf(root, event.subject);
      if (!this.#charted.has(key) && this.#charted.size >= MOST_SUBJECTS) return;
      this.#charted.add(key);
      const time = times[i] as number;
      const subject = this.#subjects.get(root, event.subject);
      subject.present = true;
      if ('latitude' in data) {
        this.places.add(root);
        let any = channel.name !== root;
        for (const metric in known) {
          // The first fix has none before it: its speed is not known, whatever stands in its place.
          if (metric === 'speed' && data['elapsed_seconds'] === 0) continue;
          const value = known[metric]?.map((member) => data[member]).find((v) => typeof v === 'number');
          if (value === undefined) continue;
          subject.add(metric, channel.name, time, value);
          any = true;
        }
        if (any) return;
      }
      for (const metric of this.#genericOf(root, data)) {
        const value = data[metric];
        if (typeof value === 'number') subject.add(metric, channel.name, time, value);
      }
    });
  }

  /** Takes the picked members of a channel's events. */
  #pick(
    channel: string,
    members: ReadonlySet<string>,
    events: readonly CloudEvent[],
    times: Float64Array,
  ): void {
    const root = this.#topology.root(channel);
    events.forEach(({ subject: name, data }, i) => {
      const key = keyOf(root, name);
      if (!this.#charted.has(key) && this.#charted.size >= MOST_SUBJECTS) return;
      for (const member of members) {
        const value = memberOf(data, member);
        if (typeof value !== 'number') continue;
        this.#charted.add(key);
        this.#subjects.get(root, name).add(pickOf(channel, member), channel, times[i] as number, value);
      }
    });
  }

  /** Charts a member of a channel from now on, and of its past (oldest first). */
  pick(channel: string, member: string, past: readonly CloudEvent[]): void {
    const members = this.picked.get(channel) ?? new Set();
    this.picked.set(channel, members.add(member));
    const times = Float64Array.from(past, ({ time }) => Date.parse(time));
    this.#pick(channel, new Set([member]), past, times);
  }

  unpick(channel: string, member: string): void {
    this.picked.get(channel)?.delete(member);
    for (const { series } of this.#subjects.all.values()) series.delete(pickOf(channel, member));
  }

  forget(channel: ChannelState): void {
    const root = this.#topology.root(channel.name);
    if (root === channel.name) {
      this.generic.delete(root);
      this.places.delete(root);
    }
    for (const subject of this.#subjects.all.values()) {
      if (subject.root !== root) continue;
      if (root === channel.name) {
        subject.present = false;
        this.#charted.delete(subject.key);
      }
      for (const [metric, entry] of subject.series)
        if (entry.channel === channel.name) subject.series.delete(metric);
    }
  }

  #genericOf(root: string, data: Data): string[] {
    let members = this.generic.get(root);
    if (!members || members.length < GENERIC) {
      members ??= [];
      for (const name in data) {
        if (members.length >= GENERIC) break;
        if (typeof data[name] === 'number' && !members.includes(name) && !notAMeasure.test(name))
          members.push(name);
      }
      this.generic.set(root, members);
    }
    return members;
  }
}
