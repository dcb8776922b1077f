import type { CloudEvent } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import type { Channels } from '../live/channels.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';
import type { Settings } from '../ui/settings.svelte.ts';
import { numbersOf, type Metrics } from './metrics.ts';

/** How many past events a new chart starts with at most. */
const PAST_EVENTS = 3000;
/** Events of a channel in which numbers are looked for. */
const SAMPLE = 20;

interface Parts {
  readonly channels: Channels;
  readonly metrics: Metrics;
  readonly settings: Settings;
  readonly frame: FrameLoop;
  readonly watched: { add(channel: string): void };
}

/** Charts of any number of any channel, added and removed by the person, and remembered by the browser. */
export class AddedCharts {
  readonly #parts: Parts;

  /** Adds the charts that the browser remembers. */
  constructor(parts: Parts) {
    this.#parts = parts;
    for (const [channel, member] of parts.settings.kept.charts) void this.add(channel, member);
  }

  /** The numbers that could be charted, by channel: those in its latest events. */
  offered(): [channel: string, members: string[]][] {
    const { channels, metrics } = this.#parts;
    return [...channels.all.values()]
      .map(({ name, recent }): [string, string[]] => {
        const members = new Set(recent.newest(SAMPLE).flatMap(({ data }) => numbersOf(data)));
        const added = metrics.added.get(name);
        return [name, [...members].filter((member) => !added?.has(member)).sort()];
      })
      .filter(([, members]) => members.length > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Charts a member of a channel, starting with its past from the log. */
  async add(channel: string, member: string): Promise<void> {
    const { settings, metrics, watched, frame, channels } = this.#parts;
    const { charts } = settings.kept;
    if (!charts.some(([c, m]) => c === channel && m === member))
      settings.set('charts', [...charts, [channel, member]]);
    watched.add(channel);
    const past = await api.history(channel, { limit: String(PAST_EVENTS) }).then(
      ({ items }) => items.toSorted((a, b) => a.offset - b.offset),
      // Without the past the chart starts with the next event.
      () => [],
    );
    const isShown = (event: CloudEvent): boolean => channels.isExtra(channel) || channels.scope.has(event);
    metrics.add(channel, member, past.filter(isShown));
    frame.touch();
  }

  remove(channel: string, member: string): void {
    const { settings, metrics, frame } = this.#parts;
    settings.set(
      'charts',
      settings.kept.charts.filter(([c, m]) => c !== channel || m !== member),
    );
    metrics.remove(channel, member);
    frame.touch();
  }
}
