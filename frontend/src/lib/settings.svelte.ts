const KEY = 'reprise';

/** What the person chose and the page remembers. */
interface Kept {
  theme: 'system' | 'light' | 'dark';
  trails: 'off' | 'short' | 'long' | 'all';
  chartWindow: '60' | '600' | '3600' | 'all';
  tab: 'charts' | 'events' | 'feed';
  legend: boolean;
}

const defaults: Kept = { theme: 'system', trails: 'long', chartWindow: 'all', tab: 'charts', legend: true };

const query = (text: string): MediaQueryList => window.matchMedia(text);

/** Theme, trail length and the like, remembered in localStorage; and what the system prefers. */
export class Settings {
  kept = $state<Kept>({ ...defaults, ...read() });
  #systemDark = $state(query('(prefers-color-scheme: dark)').matches);
  reducedMotion = $state(query('(prefers-reduced-motion: reduce)').matches);
  narrow = $state(query('(max-width: 860px)').matches);
  readonly dark = $derived(this.kept.theme === 'system' ? this.#systemDark : this.kept.theme === 'dark');

  constructor() {
    query('(prefers-color-scheme: dark)').onchange = ({ matches }) => (this.#systemDark = matches);
    query('(prefers-reduced-motion: reduce)').onchange = ({ matches }) => (this.reducedMotion = matches);
    query('(max-width: 860px)').onchange = ({ matches }) => (this.narrow = matches);
    if (this.narrow && read().legend === undefined) this.kept.legend = false;
  }

  set<K extends keyof Kept>(name: K, value: Kept[K]): void {
    this.kept[name] = value;
    const { theme } = this.kept;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, JSON.stringify(this.kept));
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  }
}

function read(): Partial<Kept> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Kept>;
  } catch {
    return {};
  }
}
