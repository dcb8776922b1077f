import type { CloudEvent } from '../../../../schemas/types.ts';

/** What the page shows: one replay, or the events that belong to no replay. */
export interface Scope {
  /** Differs for every replay, also for two with one name, one after the other. Empty: live events. */
  readonly key: string;
  /** Whether an event belongs to it. */
  has(event: Pick<CloudEvent, 'replay' | 'sent'>): boolean;
}

/** The events that belong to no replay. */
export const LIVE: Scope = { key: '', has: ({ replay }) => replay === undefined };

/** The key of the scope of a replay; empty without one. */
export const scopeKey = (replay: { id: string; created?: string } | undefined): string =>
  replay ? `${replay.id}\n${replay.created ?? ''}` : LIVE.key;

/**
 * The events of a replay, by its key. A replay of the same name may have played on the same channels before: events that were
 * sent before this one was created are not its own. Events without the name of a replay stand in its epoch, so they are.
 */
export function scopeOf(key: string): Scope {
  if (key === LIVE.key) return LIVE;
  const [id, created = ''] = key.split('\n');
  return {
    key,
    has: ({ replay, sent }) => (replay === undefined || replay === id) && sent >= created,
  };
}
