import type { CloudEvent } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import { passes } from '../live/area-filter.svelte.ts';
import type { PanelQuery } from './panel-query.ts';

const PAGE_EVENTS = 5000;
/** More would fill the browser's memory; cutting the recording has no limit. */
export const MOST_EVENTS = 200_000;

/** Reads the events of a query from the log, oldest first. `progress` is called with the number so far. `cut`: there are more. */
export async function readLog(
  { channels, subject, since, until, belongs, filter = {} }: PanelQuery,
  progress: (count: number) => void,
): Promise<{ events: CloudEvent[]; cut: boolean }> {
  const events: CloudEvent[] = [];
  for (const channel of channels) {
    let cursor: string | null | undefined;
    do {
      const query = {
        limit: String(PAGE_EVENTS),
        ...defined({ subject, since, until, cursor: cursor ?? undefined }),
      };
      const page = await api.history(channel, query);
      for (const event of page.items) if (belongs(event) && passes(filter, event)) events.push(event);
      progress(events.length);
      cursor = page.cursor;
    } while (cursor && events.length < MOST_EVENTS);
    if (cursor) return { events: inOrder(events), cut: true };
  }
  return { events: inOrder(events), cut: false };
}

const inOrder = (events: CloudEvent[]): CloudEvent[] =>
  events.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.offset - b.offset));

const defined = (query: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
