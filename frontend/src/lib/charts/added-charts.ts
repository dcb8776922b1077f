import { api } from '../live/api.ts';
import { numbersOf } from './metrics.ts';
import type { AppState } from '../app/app-state.svelte.ts';

/** The past of a channel that a new chart begins with, events. */
const PAST = 3000;

/** What could be charted: the numbers that each shown channel has told of late. */
export function pickable({ channels, metrics }: AppState): [channel: string, members: string[]][] {
  return [...channels.all.values()]
    .map(({ name, recent }): [string, string[]] => {
      const members = new Set(recent.newest(20).flatMap(({ data }) => numbersOf(data)));
      const picked = metrics.picked.get(name);
      return [name, [...members].filter((member) => !picked?.has(member)).sort()];
    })
    .filter(([, members]) => members.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Charts a member of a channel, its past from the log first; remembered until it is removed. */
export async function pick(app: AppState, channel: string, member: string): Promise<void> {
  const { settings, metrics } = app;
  const kept = settings.kept.charts;
  if (!kept.some(([c, m]) => c === channel && m === member))
    settings.set('charts', [...kept, [channel, member]]);
  app.watch(channel);
  const past = await api.history(channel, { limit: String(PAST) }).then(
    ({ items }) => items.toSorted((a, b) => a.offset - b.offset),
    // What is to come is charted all the same.
    () => [],
  );
  metrics.pick(channel, member, past);
  app.frame.touch();
}

export function unpick({ settings, metrics, frame }: AppState, channel: string, member: string): void {
  settings.set(
    'charts',
    settings.kept.charts.filter(([c, m]) => c !== channel || m !== member),
  );
  metrics.unpick(channel, member);
  frame.touch();
}
