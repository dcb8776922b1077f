import type { AppState } from './app-state.svelte.ts';
import { PAGES, route } from '../ui/route.svelte.ts';
import { stepRate } from '../live/replays.svelte.ts';
import { texts } from '../ui/texts.ts';

/** What keys can do outside the state. */
export interface KeyTargets {
  help(): void;
  focus(panel: 'map' | 'charts' | 'events' | 'feed'): void;
}

/** How many steps Shift makes of one. */
const LARGE = 6;
const ZOOM = 2;
const panels = { m: 'map', c: 'charts', t: 'events', p: 'feed' } as const;

/** The page's keyboard: one listener on the window. It leaves alone what a focused control needs, and every browser shortcut. */
export function hotkeys(app: AppState, targets: KeyTargets): (event: KeyboardEvent) => void {
  const { replays, selection, announcer } = app;
  const rate = (direction: 1 | -1): void => void replays.patch({ rate: stepRate(replays.rate, direction) });

  const now = (): number => replays.positionAt(performance.now());
  const zoom = (factor: number): void => app.timeline.zoom(factor, now());

  const actions: Record<string, () => void> = {
    ' ': () => void replays.toggle(),
    ArrowLeft: () => void replays.skip(-1),
    ArrowRight: () => void replays.skip(1),
    'Shift+ArrowLeft': () => void replays.skip(-1, LARGE),
    'Shift+ArrowRight': () => void replays.skip(1, LARGE),
    'Alt+ArrowLeft': () => void replays.step(-1),
    'Alt+ArrowRight': () => void replays.step(1),
    ',': () => app.goToNext(-1),
    '.': () => app.goToNext(1),
    '[': () => void replays.setEnd('a', now()),
    ']': () => void replays.setEnd('b', now()),
    '\\': () => void replays.setRange(undefined),
    '+': () => rate(1),
    '=': () => rate(1),
    '-': () => rate(-1),
    l: () => {
      const loop = !replays.chosen?.loop;
      void replays.patch({ loop }).then((done) => done && announcer.say(texts.say.loop(loop)));
    },
    z: () => zoom(1 / ZOOM),
    'Shift+z': () => zoom(ZOOM),
    0: () => (app.timeline.part = undefined),
    f: () => document.dispatchEvent(new CustomEvent('reprise:fit')),
    b: () => document.dispatchEvent(new CustomEvent('reprise:here')),
    e: () => document.dispatchEvent(new CustomEvent('reprise:fences')),
    '<': () => document.dispatchEvent(new CustomEvent('reprise:charts', { detail: -1 })),
    '>': () => document.dispatchEvent(new CustomEvent('reprise:charts', { detail: 1 })),
    g: () => {
      if (selection.subject) selection.follow = !selection.follow;
    },
    s: () => selection.step(1),
    'Shift+s': () => selection.step(-1),
    Escape: () => selection.select(undefined),
    '?': () => targets.help(),
  };

  return (event) => {
    if (event.ctrlKey || event.metaKey || event.defaultPrevented) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (needsIt(event.target as HTMLElement, key)) return;
    // What is open over the page is closed first, wherever the focus is.
    if (key === 'Escape' && document.querySelector(':popover-open')) return;
    const named = /^(Arrow.*|[a-z])$/.test(key);
    const chord = `${event.altKey ? 'Alt+' : ''}${event.shiftKey && named ? 'Shift+' : ''}${key}`;
    const page = PAGES[Number(chord) - 1];
    if (page) {
      event.preventDefault();
      return route.go(page);
    }
    // The other keys are the live page's; elsewhere they are left to the browser.
    if (route.page !== 'live' && chord !== '?') return;
    const panel = panels[chord as keyof typeof panels];
    const action = panel ? () => targets.focus(panel) : actions[chord];
    if (!action) return;
    event.preventDefault();
    action();
  };
}

/** Whether the focused element has its own use for the key. */
function needsIt(target: HTMLElement, key: string): boolean {
  if (target.closest('dialog, [popover]')) return true;
  if (target.matches('input:not([type=range]), textarea, select')) return true;
  if (key === ' ' && target.closest('button, a, summary, [role=option]')) return true;
  const arrow = key.startsWith('Arrow');
  return (arrow || key === '+' || key === '-' || key === '=') && target.closest('[data-own-arrows]') !== null;
}
