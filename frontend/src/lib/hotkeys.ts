import type { Reprise } from './reprise.svelte.ts';
import { stepRate } from './replays.svelte.ts';
import { texts } from './texts.ts';

/** What keys can do outside the state. */
export interface KeyTargets {
  help(): void;
  focus(panel: 'map' | 'charts' | 'events' | 'feed'): void;
}

const panels = { m: 'map', c: 'charts', t: 'events', p: 'feed' } as const;

/** The page's keyboard: one listener on the window. It leaves alone what a focused control needs, and every browser shortcut. */
export function hotkeys(app: Reprise, targets: KeyTargets): (event: KeyboardEvent) => void {
  const { replays, selection, speaker } = app;
  const rate = (direction: 1 | -1): void => void replays.patch({ rate: stepRate(replays.rate, direction) });

  const actions: Record<string, () => void> = {
    ' ': () => void replays.toggle(),
    ArrowLeft: () => void replays.skip(-1),
    ArrowRight: () => void replays.skip(1),
    '+': () => rate(1),
    '=': () => rate(1),
    '-': () => rate(-1),
    l: () => {
      const loop = !replays.chosen?.loop;
      void replays.patch({ loop }).then((done) => done && speaker.say(texts.say.loop(loop)));
    },
    f: () => document.dispatchEvent(new CustomEvent('reprise:fit')),
    '[': () => selection.step(-1),
    ']': () => selection.step(1),
    Escape: () => selection.select(undefined),
    '?': () => targets.help(),
  };

  return (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (needsIt(event.target as HTMLElement, key)) return;
    const panel = panels[key as keyof typeof panels];
    const action = panel ? () => targets.focus(panel) : actions[key];
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
