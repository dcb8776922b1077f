import type { Rate } from '../../../../schemas/types.ts';
import type { Box } from '../map/bounds.ts';
import type { AppState } from './app-state.svelte.ts';
import { keyOf } from '../live/subjects.ts';

/** What the map shows: its centre in degrees, and its zoom level. */
export interface MapPosition {
  longitude: number;
  latitude: number;
  zoom: number;
}

const EVERY_MS = 1000;
/** A link's moment that is no further from where the replay stands, seconds of playing, is where it stands. */
const NEAR_S = 5;

/** An address has room for so many subjects of a lasso; of more it says nothing. */
const MOST_ONLY = 50;

/** Members of the address that are this class's. Others are left as they are. */
const OWN = [
  'replay',
  't',
  'rate',
  'map',
  'channel',
  'subject',
  'follow',
  'part',
  'box',
  'only',
  'charts',
] as const;
type Own = Record<(typeof OWN)[number], string | undefined>;

/**
 * Keeps in the address what one looks at: replay, time, rate, the map, the subject, the part of the timeline, the box or
 * the subjects of the lasso, the charts that were added. Who opens it sees the same; who loads it again changes nothing of
 * a replay that goes on.
 */
export class SharedLink {
  /** What the map shows; at first what the address says, if it does. */
  view: MapPosition | undefined;
  readonly #app: AppState;
  #wanted: { t: number; rate: Rate | undefined } | undefined;

  constructor(app: AppState) {
    this.#app = app;
    this.#read();
    setInterval(() => document.hidden || this.#write(), EVERY_MS);
  }

  /** Brings the chosen replay to the time and rate of the address: once, when it is known. */
  apply(): void {
    const { replays } = this.#app;
    const wanted = this.#wanted;
    if (!wanted || !replays.chosen) return;
    this.#wanted = undefined;
    const rate = replays.rate === 'max' ? 1 : replays.rate;
    const away = Math.abs(replays.positionAt(performance.now()) - wanted.t);
    if (wanted.rate !== undefined && wanted.rate !== replays.rate) void replays.patch({ rate: wanted.rate });
    if (away > NEAR_S * 1000 * Math.max(1, rate)) void replays.seek(wanted.t);
  }

  #read(): void {
    const { selection, timeline, replays, filter, settings } = this.#app;
    const query = new URLSearchParams(location.search);
    const own = Object.fromEntries(OWN.map((name) => [name, query.get(name) ?? undefined])) as Own;
    const numbers = (text: string | undefined): number[] => (text ?? '').split(',').map(Number);
    replays.chosenId = own.replay;
    const [longitude = NaN, latitude = NaN, zoom = NaN] = numbers(own.map);
    if (Math.abs(latitude) <= 90 && zoom >= 0) this.view = { longitude, latitude, zoom };
    if (own.channel && own.subject) selection.key = keyOf(own.channel, own.subject);
    selection.follow = Boolean(own.follow && selection.key);
    const [from = NaN, to = NaN] = (own.part ?? '').split('..').map((text) => Date.parse(text));
    if (to > from) timeline.wanted = { from, to };
    const box = numbers(own.box);
    if (own.box && box.length === 4 && box.every(Number.isFinite)) filter.box(box as Box);
    const only = new Map<string, string[]>();
    for (const [root, name] of pairs(own.only)) only.set(root, [...(only.get(root) ?? []), name]);
    if (only.size > 0) filter.only(only);
    const { charts } = settings.kept;
    const added = pairs(own.charts).filter((one) => !charts.some((other) => other.join() === one.join()));
    if (added.length > 0) settings.set('charts', [...charts, ...added]);
    // A page that is loaded again, or gone back to, is not a link that somebody opens.
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    const t = Date.parse(own.t ?? '');
    if (entry?.type !== 'navigate' || Number.isNaN(t)) return;
    const rate = own.rate === 'max' ? 'max' : Number(own.rate);
    this.#wanted = { t, rate: rate === 'max' || rate > 0 ? rate : undefined };
  }

  #write(): void {
    // Other pages have addresses of their own; and what is not applied yet is not to be written over.
    if (location.pathname !== '/' || this.#wanted) return;
    const { replays, selection, timeline, filter, settings } = this.#app;
    const only = [...filter.caught].flatMap(([root, names]) => names.map((name) => [root, name] as const));
    const position = replays.positionAt(performance.now());
    const [channel, subject] = selection.key?.split('\n') ?? [];
    const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
    const { view } = this;
    const own: Own = {
      replay: replays.chosen?.id,
      t: Number.isNaN(position)
        ? undefined
        : iso(replays.state === 'playing' ? Math.round(position / 1000) * 1000 : position),
      rate: replays.chosen && String(replays.rate),
      map: view && [view.longitude.toFixed(5), view.latitude.toFixed(5), view.zoom.toFixed(2)].join(),
      ...{ channel, subject, follow: selection.follow ? '1' : undefined },
      box: filter.area?.kind === 'box' ? filter.area.box.map((side) => side.toFixed(5)).join() : undefined,
      only: only.length <= MOST_ONLY ? textOf(only) : undefined,
      charts: textOf(settings.kept.charts),
      part: timeline.part && `${iso(Math.round(timeline.part.from))}..${iso(Math.round(timeline.part.to))}`,
    };
    const query = new URLSearchParams(location.search);
    for (const name of OWN) {
      if (own[name] === undefined) query.delete(name);
      else query.set(name, own[name]);
    }
    // Legible: colons, commas and slashes need no escape in a query.
    const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
    const search = text && `?${text}`;
    if (search !== location.search) history.replaceState(history.state, '', `/${search}${location.hash}`);
  }
}

type Pair = readonly [channel: string, name: string];

/** `gps/car-1,gps/car-2`; undefined where there is none. What a name has of commas is escaped. */
const textOf = (list: readonly Pair[]): string | undefined =>
  list.map(([channel, name]) => `${channel}/${name.replace(/[%,]/g, encodeURIComponent)}`).join() ||
  undefined;

function pairs(text: string | undefined): Pair[] {
  return (text?.split(',') ?? []).flatMap((pair): Pair[] => {
    const [, channel, name] = /^([^/]+)\/(.+)$/.exec(pair) ?? [];
    return channel && name ? [[channel, unescaped(name)]] : [];
  });
}

/** Somebody may have written the address by hand. */
const unescaped = (name: string): string =>
  name.replace(/%(25|2C)/gi, (_, code: string) => (code === '25' ? '%' : ','));
