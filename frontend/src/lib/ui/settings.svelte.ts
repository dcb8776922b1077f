import type { LengthUnit, SpeedUnit } from './units.svelte.ts';

const KEY = 'reprise';

/** What the person chose and the page remembers. */
interface StoredSettings {
  theme: 'system' | 'light' | 'dark';
  trails: 'off' | 'short' | 'long' | 'all';
  chartWindow: '60' | '600' | '3600' | 'all';
  tab: 'charts' | 'events' | 'feed';
  legend: boolean;
  /** Whether each kind of what happened has a lane of its own on the timeline. */
  lanes: boolean;
  speedUnit: SpeedUnit;
  lengthUnit: LengthUnit;
  /** Whose clocks moments are told by. */
  zone: 'utc' | 'viewer' | 'data';
  motion: 'system' | 'reduced';
  /** Charts that were added: the channel and the member of each. */
  charts: readonly (readonly [channel: string, member: string])[];
}

const defaults: StoredSettings = {
  ...{ theme: 'system', trails: 'long', chartWindow: 'all', tab: 'charts', legend: true, lanes: true },
  ...{ speedUnit: 'm/s', lengthUnit: 'm', zone: 'utc', motion: 'system', charts: [] },
};

/** On a screen lower than this, px, the map needs the room more than the lanes. */
const LOW = 760;

const query = (text: string): MediaQueryList => window.matchMedia(text);

/** Theme, trail length and the like, remembered in localStorage; and what the system prefers. */
export class Settings {
  kept = $state<StoredSettings>({ ...defaults, ...read() });
  #systemDark = $state(query('(prefers-color-scheme: dark)').matches);
  #systemReduced = $state(query('(prefers-reduced-motion: reduce)').matches);
  readonly reducedMotion = $derived(this.kept.motion === 'reduced' || this.#systemReduced);
  narrow = $state(query('(max-width: 860px)').matches);
  /** As narrow as a phone: two boxes find no room beside one another. */
  slim = $state(query('(max-width: 560px)').matches);
  readonly dark = $derived(this.kept.theme === 'system' ? this.#systemDark : this.kept.theme === 'dark');

  constructor() {
    query('(prefers-color-scheme: dark)').onchange = ({ matches }) => (this.#systemDark = matches);
    query('(prefers-reduced-motion: reduce)').onchange = ({ matches }) => (this.#systemReduced = matches);
    query('(max-width: 860px)').onchange = ({ matches }) => (this.narrow = matches);
    query('(max-width: 560px)').onchange = ({ matches }) => (this.slim = matches);
    this.#mark();
    const { legend, lanes } = read();
    if (this.narrow && legend === undefined) this.kept.legend = false;
    if ((this.narrow || window.innerHeight < LOW) && lanes === undefined) this.kept.lanes = false;
  }

  /** The style sheet goes by what the root element says. */
  #mark(): void {
    const { theme, motion } = this.kept;
    const { dataset } = document.documentElement;
    for (const [name, value] of Object.entries({ theme, motion })) {
      if (value === 'system') delete dataset[name];
      else dataset[name] = value;
    }
  }

  set<K extends keyof StoredSettings>(name: K, value: StoredSettings[K]): void {
    this.kept[name] = value;
    this.#mark();
    try {
      localStorage.setItem(KEY, JSON.stringify(this.kept));
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  }
}

function read(): Partial<StoredSettings> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<StoredSettings>;
  } catch {
    return {};
  }
}
