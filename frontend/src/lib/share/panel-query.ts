import type { CloudEvent } from '../../../../schemas/types.ts';
import type { AppState } from '../app/app-state.svelte.ts';
import type { ChannelFilter } from '../live/area-filter.svelte.ts';

/** The data that a panel shows, as a request to the API. */
export interface PanelQuery {
  channels: readonly string[];
  /** The latest event of each subject, or past events. */
  what: 'state' | 'history';
  subject?: string | undefined;
  /** A part of the map, or some subjects. */
  filter?: ChannelFilter;
  /** Whether an event belongs to what is shown: a log may also hold those of another replay. */
  belongs: (event: CloudEvent) => boolean;
  /** Event times, ISO 8601. */
  since?: string | undefined;
  until?: string | undefined;
}

/** The channels of the table of events: the chosen one, or all. */
export const eventsQuery = (app: AppState, chosen: string | undefined): PanelQuery => ({
  channels: chosen === undefined ? [...app.watched.own].sort() : [chosen],
  what: 'history',
  belongs: (event) => (chosen !== undefined && app.channels.isExtra(chosen)) || app.channels.scope.has(event),
  ...visibleTimes(app),
});

/** The channel that says most about posts: the one derived from the others. */
export function feedQuery(app: AppState): PanelQuery {
  const { channels, posts } = app;
  const names = [...channels.all.values()]
    .filter(({ recent }) => recent.newest(1, ({ data }) => posts.isPost(data)).length > 0)
    .map(({ name }) => name)
    .sort((a, b) => b.length - a.length);
  return { channels: [names[0] ?? 'posts'], what: 'history', belongs: belongs(app), ...visibleTimes(app) };
}

/** The latest places of the subjects on the map. */
export function mapQuery(app: AppState): PanelQuery {
  const channels = rootsOf(app).map((root) => app.movers.leadOf(root) ?? root);
  return {
    channels,
    what: 'state',
    belongs: belongs(app),
    subject: app.selection.subject?.name,
    filter: app.filterOf(channels[0] ?? ''),
    ...visibleTimes(app),
  };
}

/** The channels with the charted numbers: for what moves, the channel that the movement service derives. */
export const chartsQuery = (app: AppState): PanelQuery => ({
  channels: rootsOf(app).map((root) =>
    app.channels.all.has(`${root}.movement`) ? `${root}.movement` : root,
  ),
  what: 'history',
  belongs: belongs(app),
  subject: app.selection.subject?.name,
  ...visibleTimes(app),
});

const belongs =
  ({ channels }: AppState) =>
  (event: CloudEvent): boolean =>
    channels.scope.has(event);

/** The root channel of the selected subject, or those of the chosen replay; only those with places if there are any. */
function rootsOf({ selection, watched, movers }: AppState): string[] {
  const front = selection.subject ? [selection.subject.root] : [...watched.front];
  const placed = front.filter((root) => movers.leadOf(root) !== undefined);
  return placed.length > 0 ? placed : front;
}

/** The visible part of the timeline; nothing when all of it is visible. */
function visibleTimes({ timeline: { part } }: AppState): { since?: string; until?: string } {
  const iso = (ms: number): string => new Date(ms).toISOString();
  return part ? { since: iso(part.from), until: iso(part.to) } : {};
}
