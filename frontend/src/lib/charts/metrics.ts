import type { CloudEvent } from '../../../../schemas/types.ts';
import type { Arrival, ChannelState, EventSink } from '../live/channel-state.ts';
import { textOf } from '../live/event-data.ts';
import { keyOf, type Subjects } from '../live/subjects/subjects.ts';
import type { Topology } from '../live/topology.ts';

type Data = CloudEvent['data'];

const MOST_SUBJECTS = 500;
/** How many members are charted of data without a known metric. */
const MOST_GENERIC = 3;

/** The metrics that are charted under a common name, and the members that hold them. The first that is a number counts. */
export const known: Record<string, readonly string[]> = {
  speed: ['speed_mps'],
  reported: ['speed_meters_per_second', 'speed'],
  distance: ['cumulative_distance_m'],
  elevation: ['elevation', 'altitude', 'ele', 'alt'],
};

/** Members that say where, when or which, not how much. */
const notAMeasure = /^(id|.*_id|index|year|month|day|hour|minute|second|time.*|lat.*|lon.*|lng)$/i;

/** The metric name of a chart that the person added; the space keeps it apart from members. */
export const addedMetricOf = (channel: string, member: string): string => `${channel} ${member}`;

/** The value of a member, or of a member of an object in the data: `speed`, `speed.mean`. */
function memberOf(data: Data, path: string): unknown {
  const [name = '', inner] = path.split('.');
  const value = data[name];
  return inner === undefined ? value : (value as Record<string, unknown> | null | undefined)?.[inner];
}

/** The members that hold numbers, including those of inner objects; without those that say where, when or which. */
export function numbersOf(data: Data): string[] {
  return Object.entries(data).flatMap(([name, value]) => {
    if (notAMeasure.test(name)) return [];
    if (typeof value === 'number') return [name];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([inner, v]) => (typeof v === 'number' ? [`${name}.${inner}`] : []));
  });
}

/** Turns events into numbers over time: speed, distance and elevation of what moves, otherwise the first numbers of the data. */
export class Metrics implements EventSink {
  /** Keys of subjects with numbers; limited, because posts may have any number of authors. */
  #charted = new Set<string>();
  readonly #subjects: Subjects;
  readonly #topology: Topology;
  /** The members charted for a root channel without known metrics. */
  readonly generic = new Map<string, string[]>();
  /** The members that the person added, by channel. */
  readonly added = new Map<string, Set<string>>();

  constructor(subjects: Subjects, topology: Topology) {
    this.#subjects = subjects;
    this.#topology = topology;
  }

  take(channel: ChannelState, events: readonly CloudEvent[], times: Float64Array, arrival: Arrival): void {
    if (arrival === 'snapshot') return;
    const root = this.#topology.root(channel.name);
    const added = this.added.get(channel.name);
    if (added) this.#takeAdded(channel.name, added, events, times);
    events.forEach((event, i) => {
      const { data } = event;
      if (!('latitude' in data) && (channel.name !== root || textOf(data) !== undefined)) return;
      if (!this.#mayChart(keyOf(root, event.subject))) return;
      const timeMs = times[i] as number;
      const subject = this.#subjects.get(root, event.subject);
      subject.present = true;
      subject.count(channel.name);
      if (channel.name === root) subject.heard(timeMs);
      if ('latitude' in data) {
        let any = channel.name !== root;
        for (const metric in known) {
          // The first fix has no predecessor, so its speed is unknown whatever the event says.
          if (metric === 'speed' && data['elapsed_seconds'] === 0) continue;
          const value = known[metric]?.map((member) => data[member]).find((v) => typeof v === 'number');
          if (value === undefined) continue;
          subject.add(metric, channel.name, timeMs, value);
          any = true;
        }
        if (any) return;
      }
      for (const member of this.#genericOf(root, data)) {
        const value = data[member];
        if (typeof value === 'number') subject.add(member, channel.name, timeMs, value);
      }
    });
  }

  takeExtra(
    { name }: ChannelState,
    events: readonly CloudEvent[],
    times: Float64Array,
    arrival: Arrival,
  ): void {
    const added = this.added.get(name);
    if (added && arrival !== 'snapshot') this.#takeAdded(name, added, events, times);
  }

  /** Charts a member of a channel from now on, and its past events, oldest first. */
  add(channel: string, member: string, past: readonly CloudEvent[]): void {
    const members = this.added.get(channel) ?? new Set();
    this.added.set(channel, members.add(member));
    const times = Float64Array.from(past, ({ time }) => Date.parse(time));
    this.#takeAdded(channel, new Set([member]), past, times);
  }

  remove(channel: string, member: string): void {
    this.added.get(channel)?.delete(member);
    for (const { series } of this.#subjects.all.values()) series.delete(addedMetricOf(channel, member));
  }

  forget(channel: ChannelState): void {
    const root = this.#topology.root(channel.name);
    const isRoot = root === channel.name;
    if (isRoot) {
      this.generic.delete(root);
      for (const key of this.#charted) if (key.startsWith(keyOf(root, ''))) this.#charted.delete(key);
    }
    for (const subject of this.#subjects.all.values()) {
      if (subject.root !== root) continue;
      if (isRoot) subject.forget();
      for (const [metric, entry] of subject.series)
        if (entry.channel === channel.name) subject.series.delete(metric);
    }
  }

  #takeAdded(
    channel: string,
    members: ReadonlySet<string>,
    events: readonly CloudEvent[],
    times: Float64Array,
  ): void {
    const root = this.#topology.root(channel);
    events.forEach(({ subject: name, data }, i) => {
      for (const member of members) {
        const value = memberOf(data, member);
        if (typeof value !== 'number' || !this.#mayChart(keyOf(root, name))) continue;
        this.#subjects
          .get(root, name)
          .add(addedMetricOf(channel, member), channel, times[i] as number, value);
      }
    });
  }

  #mayChart(key: string): boolean {
    if (!this.#charted.has(key) && this.#charted.size >= MOST_SUBJECTS) return false;
    this.#charted.add(key);
    return true;
  }

  #genericOf(root: string, data: Data): string[] {
    const members = this.generic.get(root) ?? [];
    this.generic.set(root, members);
    for (const name in data) {
      if (members.length >= MOST_GENERIC) break;
      if (typeof data[name] === 'number' && !members.includes(name) && !notAMeasure.test(name))
        members.push(name);
    }
    return members;
  }
}
