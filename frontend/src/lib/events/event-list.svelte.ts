import { untrack } from 'svelte';
import type { CloudEvent, Problem } from '../../../../schemas/types.ts';
import type { Channels } from '../live/channels.ts';
import type { Connection } from '../live/connection.svelte.ts';
import type { Replays } from '../live/replays.svelte.ts';
import type { WatchedChannels } from '../live/watched-channels.svelte.ts';
import type { FrameLoop } from '../ui/frame-loop.svelte.ts';
import type { SharedCursor } from '../ui/shared-cursor.svelte.ts';
import { VisibleRows } from '../ui/visible-rows.svelte.ts';

const ROW_PX = 28;
/** Rows of a list that is held. */
const HELD_ROWS = 400;
/** Scrolled further down than this, px, the list is held. */
const TOP_PX = 4;

/** The choice that stands for all channels. */
export const ALL_CHANNELS = '';

interface Parts {
  readonly channels: Channels;
  readonly replays: Replays;
  readonly watched: WatchedChannels;
  readonly connection: Connection;
  readonly frame: FrameLoop;
  readonly cursor: SharedCursor;
}

/** The latest events of a channel, or of all. The list is held while the person reads it. */
export class EventList {
  chosen = $state(ALL_CHANNELS);
  readonly visibleRows = new VisibleRows(ROW_PX);
  #held = $state.raw<CloudEvent[]>();
  #heldByScroll = false;
  readonly #parts: Parts;

  /** Create it in a component. */
  constructor(parts: Parts) {
    this.#parts = parts;
    $effect(() => {
      // The events that were held belong to the replay that was shown, and so may the channel.
      void parts.replays.scope;
      untrack(() => {
        this.#held = undefined;
        if (!parts.watched.all.has(this.chosen)) this.chosen = ALL_CHANNELS;
      });
    });
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** All channels to choose from: those of what is shown, and the others. */
  readonly names = $derived.by(() => {
    const { watched } = this.#parts;
    const others = watched.names.filter((name) => !watched.own.has(name));
    return { own: [...watched.own].sort(), others: [...new Set([...others, ...watched.extra])].sort() };
  });

  /** The events to show, newest first. While the cursor of another panel is on a time, those up to that time. */
  readonly rows = $derived.by((): readonly CloudEvent[] => {
    const { frame, cursor } = this.#parts;
    void frame.slow;
    if (this.#held) return this.#held;
    const until = cursor.timeMs === undefined ? undefined : new Date(cursor.timeMs).toISOString();
    return this.#latest(this.visibleRows.count, until);
  });

  /** Why the chosen channel can't be shown. */
  get refused(): Problem | undefined {
    return this.#parts.connection.subscriptions.refused.get(this.chosen);
  }

  /** How many events of the chosen channel were received, and how many were lost. */
  readonly totals = $derived.by(() => {
    const { frame, channels } = this.#parts;
    void frame.slow;
    const counted = [...channels.all.values()].filter(({ name }) =>
      this.chosen === ALL_CHANNELS ? !channels.isExtra(name) : name === this.chosen,
    );
    return {
      received: counted.reduce((sum, { received }) => sum + received, 0),
      lost: counted.reduce((sum, { lost }) => sum + lost, 0),
    };
  });

  choose(name: string): void {
    this.chosen = name;
    this.#held = undefined;
    if (name !== ALL_CHANNELS) this.#parts.watched.add(name);
  }

  /** Holds the list, or lets it go on. */
  toggle(): void {
    if (this.#held) this.#held = undefined;
    else this.#hold(false);
  }

  /** The list was scrolled: scrolling down holds it, scrolling back to the top lets it go on. */
  scrolled(top: number): void {
    const isDown = top > TOP_PX;
    if (isDown && !this.#held) this.#hold(true);
    else if (!isDown && this.#heldByScroll) this.#held = undefined;
  }

  #hold(byScroll: boolean): void {
    this.#heldByScroll = byScroll;
    this.#held = this.#latest(HELD_ROWS);
  }

  #latest(most: number, until?: string): CloudEvent[] {
    const { channels } = this.#parts;
    const passes = until === undefined ? undefined : (event: CloudEvent): boolean => event.time <= until;
    const one = channels.all.get(this.chosen);
    if (one) return one.recent.newest(most, passes);
    if (this.chosen !== ALL_CHANNELS) return [];
    return [...channels.all.values()]
      .filter(({ name }) => !channels.isExtra(name))
      .flatMap(({ recent }) => recent.newest(most, passes))
      .sort((a, b) => (a.sent < b.sent ? 1 : a.sent > b.sent ? -1 : b.offset - a.offset))
      .slice(0, most);
  }
}
