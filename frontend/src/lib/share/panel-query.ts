import type { AppState } from '../app/app-state.svelte.ts';
import type { PanelQuery } from './command-lines.ts';

/** The panels that tell how else to get what they show. */
export type Panel = 'map' | 'charts' | 'events' | 'feed';

/** What a panel shows, as it would be asked for. `chosen` are the channels that it was told to show, if it was. */
export function askedOf(app: AppState, panel: Panel, chosen?: readonly string[]): PanelQuery {
  const { timeline, selection, channels, posts } = app;
  const iso = (ms: number): string => new Date(ms).toISOString();
  const { part } = timeline;
  const times = part && { since: iso(part.from), until: iso(part.to) };
  if (panel === 'events') return { channels: chosen ?? [...app.watched].sort(), what: 'history', ...times };
  if (panel === 'feed') {
    const told = [...channels.all.values()].filter(
      ({ recent }) => recent.newest(1, ({ data }) => posts.isPost(data)).length > 0,
    );
    // What says most of a post: the one that is derived from the others.
    const names = told.map(({ name }) => name).sort((a, b) => b.length - a.length);
    return { channels: names.length > 0 ? names.slice(0, 1) : ['posts'], what: 'history', ...times };
  }
  const front = selection.subject ? [selection.subject.root] : [...app.front];
  const placed = front.filter((root) => app.movers.leadOf(root) !== undefined);
  const roots = placed.length > 0 ? placed : front;
  const subject = selection.subject?.name;
  const lead = roots.map((root) => app.movers.leadOf(root) ?? root);
  if (panel === 'map')
    return { channels: lead, what: 'state', subject, wish: app.channelFilterOf(lead[0] ?? ''), ...times };
  // What moves is charted by what is derived from it.
  const names = roots.map((root) => (channels.all.has(`${root}.movement`) ? `${root}.movement` : root));
  return { channels: names, what: 'history', subject, ...times };
}
