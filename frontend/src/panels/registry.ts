import type { Component } from 'svelte';
import Events from './events/Events.svelte';
import Feed from './feed/Feed.svelte';

/** A panel of the live page. */
export interface PanelEntry {
  /** Its element has the id `panel-<id>`. */
  readonly id: string;
  /** The key that moves the focus to it. */
  readonly key: string;
  /** Where it stands on a wide screen; panels of one area share its height. On a narrow one, all but `top-left` become tabs. */
  readonly area: 'top-left' | 'top-right' | 'bottom-left' | 'bottom-right';
  readonly title: string;
  /** The name on its tab, if the title is too long. */
  readonly tab?: string;
  /** Returns the component. Panels with large libraries import it, and are loaded after the first events are shown. */
  readonly load: () => Loaded | Promise<Loaded>;
  /** Whether it is loaded late. */
  readonly late?: boolean;
}

interface Loaded {
  readonly default: Component<{ id: string; title: string }>;
}

/** All panels. To add one, write its component and add a line here: the live page, tabs, keys and help read this list. */
export const panels: readonly PanelEntry[] = [
  {
    id: 'map',
    key: 'm',
    area: 'top-left',
    title: 'Map',
    load: () => import('./map/Map.svelte'),
    late: true,
  },
  {
    id: 'charts',
    key: 'c',
    area: 'top-right',
    title: 'Charts',
    load: () => import('./charts/Charts.svelte'),
    late: true,
  },
  {
    id: 'events',
    key: 't',
    area: 'bottom-left',
    title: 'Latest events',
    tab: 'Events',
    load: () => ({ default: Events }),
  },
  { id: 'feed', key: 'p', area: 'bottom-right', title: 'Posts', load: () => ({ default: Feed }) },
];
