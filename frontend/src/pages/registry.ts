import type { Component } from 'svelte';
import Live from './live/Live.svelte';

/** A page of the site. */
export interface PageEntry {
  /** Its name in links: `route.href(id)`. */
  readonly id: string;
  readonly path: string;
  /** The key that opens it. */
  readonly key: string;
  readonly title: string;
  /** Returns the component; all but the live page are loaded when they are opened. */
  readonly load: () => Loaded | Promise<Loaded>;
}

interface Loaded {
  readonly default: Component;
}

/** All pages. To add one, write its component and add a line here: navigation, keys, titles and help read this list. */
export const pages: readonly PageEntry[] = [
  { id: 'live', path: '/', key: '1', title: 'Live', load: () => ({ default: Live }) },
  {
    id: 'recordings',
    path: '/recordings',
    key: '2',
    title: 'Recordings',
    load: () => import('./recordings/Recordings.svelte'),
  },
  {
    id: 'pipelines',
    path: '/pipelines',
    key: '3',
    title: 'Pipelines',
    load: () => import('./pipelines/Pipelines.svelte'),
  },
  { id: 'tasks', path: '/tasks', key: '4', title: 'Tasks', load: () => import('./tasks/Tasks.svelte') },
  { id: 'traces', path: '/traces', key: '5', title: 'Traces', load: () => import('./traces/Traces.svelte') },
  { id: 'logs', path: '/logs', key: '6', title: 'Logs', load: () => import('./logs/Logs.svelte') },
  { id: 'system', path: '/system', key: '7', title: 'System', load: () => import('./system/System.svelte') },
];
