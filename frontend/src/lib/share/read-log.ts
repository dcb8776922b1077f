import type { CloudEvent } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import { passes } from '../live/area-filter.svelte.ts';
import type { PanelQuery } from './command-lines.ts';

const PAGE = 5000;
/** More would fill the browser's memory; whoever needs it cuts the recording. */
export const MOST_EVENTS = 200_000;

/** Reads what was asked for out of the log, oldest first. `told` hears how many there are so far. `cut`: there would be more. */
export async function readLog(
  { channels, subject, since, until, wish = {} }: PanelQuery,
  told: (count: number) => void,
): Promise<{ events: CloudEvent[]; cut: boolean }> {
  const events: CloudEvent[] = [];
  for (const channel of channels) {
    let cursor: string | null | undefined;
    do {
      const query = {
        limit: String(PAGE),
        ...defined({ subject, since, until, cursor: cursor ?? undefined }),
      };
      const page = await api.history(channel, query);
      for (const event of page.items) if (passes(wish, event)) events.push(event);
      told(events.length);
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
