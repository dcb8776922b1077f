import type { LengthUnit, SpeedUnit } from './measures.ts';

const KEY = 'reprise';

/** The person's choices that the browser remembers. */
interface StoredSettings {
  theme: 'system' | 'light' | 'dark';
  trails: 'off' | 'short' | 'long' | 'all';
  chartWindow: '60' | '600' | '3600' | 'all';
  /** The panel whose tab is open on a narrow screen. */
  tab: string;
  legend: boolean;
  /** Whether the timeline has a lane for each kind of moment. */
  lanes: boolean;
  speedUnit: SpeedUnit;
  lengthUnit: LengthUnit;
  /** The time zone in which times are shown. */
  zone: 'utc' | 'viewer' | 'data';
  motion: 'system' | 'reduced';
  /** Charts that the person added. */
  charts: readonly (readonly [channel: string, member: string])[];
}

const defaults: StoredSettings = {
  theme: 'system',
  trails: 'long',
  chartWindow: 'all',
  tab: 'charts',
  legend: true,
  lanes: true,
  speedUnit: 'm/s',
  lengthUnit: 'm',
  zone: 'utc',
  motion: 'system',
  charts: [],
};

/** On a screen lower than this, px, the map needs the room of the lanes. */
const LOW_PX = 760;

const query = (text: string): MediaQueryList => window.matchMedia(text);

/** The choices kept in localStorage, the preferences of the system, and the size of the screen. */
export class Settings {
  kept = $state<StoredSettings>({ ...defaults, ...read() });
  #systemDark = $state(query('(prefers-color-scheme: dark)').matches);
  #systemReduced = $state(query('(prefers-reduced-motion: reduce)').matches);
  readonly reducedMotion = $derived(this.kept.motion === 'reduced' || this.#systemReduced);
  narrow = $state(query('(max-width: 860px)').matches);
  /** As narrow as a phone: two boxes don't fit beside each other. */
  slim = $state(query('(max-width: 560px)').matches);
  readonly dark = $derived(this.kept.theme === 'system' ? this.#systemDark : this.kept.theme === 'dark');

  constructor() {
    query('(prefers-color-scheme: dark)').onchange = ({ matches }) => (this.#systemDark = matches);
    query('(prefers-reduced-motion: reduce)').onchange = ({ matches }) => (this.#systemReduced = matches);
    query('(max-width: 860px)').onchange = ({ matches }) => (this.narrow = matches);
    query('(max-width: 560px)').onchange = ({ matches }) => (this.slim = matches);
    this.#markDocument();
    const { legend, lanes } = read();
    if (this.narrow && legend === undefined) this.kept.legend = false;
    if ((this.narrow || window.innerHeight < LOW_PX) && lanes === undefined) this.kept.lanes = false;
  }

  set<K extends keyof StoredSettings>(name: K, value: StoredSettings[K]): void {
    this.kept[name] = value;
    this.#markDocument();
    try {
      localStorage.setItem(KEY, JSON.stringify(this.kept));
    } catch {
      // Storage may be forbidden; the choice then lasts until the page is reloaded.
    }
  }

  /** Sets the attributes of the root element that the style sheet reads. */
  #markDocument(): void {
    const { theme, motion } = this.kept;
    const { dataset } = document.documentElement;
    for (const [name, value] of Object.entries({ theme, motion })) {
      if (value === 'system') delete dataset[name];
      else dataset[name] = value;
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
