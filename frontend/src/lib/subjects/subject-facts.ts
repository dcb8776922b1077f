import { dataTexts } from '../live/json/event-text.ts';
import type { Channels } from '../live/channels.ts';
import type { Subject } from '../live/subjects/subjects.ts';
import type { Topology } from '../live/topology.ts';

/** A derived window is dated by its end, which may lie this much ahead of the latest fix, ms. */
const AHEAD_MS = 1000;

/** The latest values of a subject. */
export interface SubjectFacts {
  /** The latest event time, ms; NaN without any event. */
  timeMs: number;
  /** All values by name. */
  data: ReadonlyMap<string, unknown>;
  /** All values by name as JSON, digit for digit. */
  texts: ReadonlyMap<string, string>;
  /** The same by channel, the root channel first; a value that an earlier channel has too is left out. */
  groups: readonly { channel: string; facts: readonly [string, string][] }[];
}

interface Parts {
  readonly channels: Channels;
  readonly topology: Topology;
  readonly movers: { leadOf(root: string): string | undefined };
}

/** Collects the latest values of a subject from all its channels. */
export function subjectFacts({ channels, topology, movers }: Parts, { root, name }: Subject): SubjectFacts {
  const data = new Map<string, unknown>();
  const texts = new Map<string, string>();
  const groups: { channel: string; facts: [string, string][] }[] = [];
  let timeMs = NaN;
  // Right after a seek, derived channels may still hold events from the old position: leave out those from the future.
  const nowMs = channels.all.get(movers.leadOf(root) ?? root)?.lastTime ?? Infinity;
  const own = [...channels.all.values()]
    .filter((channel) => topology.root(channel.name) === root)
    .sort((a, b) => a.name.length - b.name.length);
  for (const { name: channel, latest } of own) {
    const event = latest.get(name);
    const eventMs = event ? Date.parse(event.time) : NaN;
    if (!event || eventMs > nowMs + AHEAD_MS) continue;
    if (!(eventMs <= timeMs)) timeMs = eventMs;
    const facts = [...dataTexts(event)].filter(([key, text]) => texts.get(key) !== text);
    if (facts.length > 0) groups.push({ channel, facts });
    for (const [key, text] of facts) {
      if (texts.has(key)) continue;
      texts.set(key, text);
      data.set(key, event.data[key]);
    }
  }
  return { timeMs, data, texts, groups };
}
