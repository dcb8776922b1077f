import type { AppState } from '../lib/app/app-state.svelte.ts';
import { stepRate } from '../lib/live/replays.svelte.ts';
import { route } from '../lib/ui/route.svelte.ts';
import { pages } from '../pages/registry.ts';
import { panels } from '../panels/registry.ts';
import { texts } from './texts.ts';

/** With Shift, arrow keys go this many times as far. */
const LARGE = 6;
const ZOOM = 2;

/** The keyboard of the page: a listener for the window. Leaves keys to focused controls that use them, and to the browser. */
export function keyboard(app: AppState, openHelp: () => void): (event: KeyboardEvent) => void {
  const actions = { ...liveActions(app), ...panelActions(app) };
  return (event) => {
    if (event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const chord = chordOf(event);
    if (isUsed(event.target as HTMLElement, event.key)) return;
    // Escape first closes what is open over the page, wherever the focus is.
    if (chord === 'Escape' && document.querySelector(':popover-open')) return;
    const page = pages.find(({ key }) => key === chord);
    const action = page ? () => route.go(page.id) : chord === '?' ? openHelp : liveAction(actions[chord]);
    if (!action) return;
    event.preventDefault();
    action();
  };
}

/** Most keys belong to the live page. */
const liveAction = (action: (() => void) | undefined): (() => void) | undefined =>
  route.page === 'live' ? action : undefined;

function liveActions(app: AppState): Record<string, () => void> {
  const { replays, selection, announcer, timeline, momentNavigation, commands } = app;
  const now = (): number => replays.positionAt(performance.now());
  const changeRate = (direction: 1 | -1): void =>
    void replays.patch({ rate: stepRate(replays.rate, direction) });
  const toggleLoop = (): void => {
    const loop = !replays.chosen?.loop;
    void replays.patch({ loop }).then((done) => done && announcer.say(texts.loop(loop)));
  };
  const toggleFollow = (): void => {
    if (selection.subject) selection.follow = !selection.follow;
  };
  return {
    ' ': () => void replays.toggle(),
    ArrowLeft: () => void replays.skip(-1),
    ArrowRight: () => void replays.skip(1),
    'Shift+ArrowLeft': () => void replays.skip(-1, LARGE),
    'Shift+ArrowRight': () => void replays.skip(1, LARGE),
    'Alt+ArrowLeft': () => void replays.step(-1),
    'Alt+ArrowRight': () => void replays.step(1),
    ',': () => momentNavigation.goToNext(-1),
    '.': () => momentNavigation.goToNext(1),
    '[': () => void replays.setEnd('a', now()),
    ']': () => void replays.setEnd('b', now()),
    '\\': () => void replays.setRange(undefined),
    '+': () => changeRate(1),
    '=': () => changeRate(1),
    '-': () => changeRate(-1),
    l: toggleLoop,
    z: () => timeline.zoom(1 / ZOOM, now()),
    'Shift+z': () => timeline.zoom(ZOOM, now()),
    0: () => (timeline.part = undefined),
    f: () => commands.map?.fit(),
    b: () => commands.map?.filterToView(),
    e: () => commands.map?.toggleFences(),
    '<': () => commands.charts?.scroll(-1),
    '>': () => commands.charts?.scroll(1),
    g: toggleFollow,
    s: () => selection.step(1),
    'Shift+s': () => selection.step(-1),
    n: () => replays.chooseNext(),
    Escape: () => selection.select(undefined),
  };
}

/** Each panel has a key that moves the focus to it, and opens its tab on a narrow screen. */
function panelActions({ settings }: AppState): Record<string, () => void> {
  return Object.fromEntries(
    panels.map(({ id, key, area }) => [
      key,
      () => {
        if (area !== 'top-left') settings.set('tab', id);
        requestAnimationFrame(() => document.getElementById(`panel-${id}`)?.focus());
      },
    ]),
  );
}

/** `Shift+ArrowLeft`, `Alt+ArrowLeft`, `z`, `Shift+z`, `?`. Shift is named only with arrows and letters. */
function chordOf({ key: pressed, altKey, shiftKey }: KeyboardEvent): string {
  const key = pressed.length === 1 ? pressed.toLowerCase() : pressed;
  const isNamed = /^(Arrow.*|[a-z])$/.test(key);
  return `${altKey ? 'Alt+' : ''}${shiftKey && isNamed ? 'Shift+' : ''}${key}`;
}

/** Whether the focused element uses the key itself. */
function isUsed(target: HTMLElement, key: string): boolean {
  if (target.closest('dialog, [popover]')) return true;
  if (target.matches('input:not([type=range]), textarea, select')) return true;
  if (key === ' ' && target.closest('button, a, summary, [role=option]')) return true;
  const movesOrZooms = key.startsWith('Arrow') || key === '+' || key === '-' || key === '=';
  return movesOrZooms && target.closest('[data-own-arrows]') !== null;
}
