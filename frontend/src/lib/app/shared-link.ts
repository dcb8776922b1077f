import type { Rate } from '../../../../schemas/types.ts';
import type { AreaFilter } from '../live/area-filter.svelte.ts';
import type { Box } from '../live/geometry.ts';
import type { Replays } from '../live/replays.svelte.ts';
import type { SubjectSelection } from '../live/subject-selection.svelte.ts';
import { keyOf } from '../live/subjects.ts';
import type { Timeline } from '../timeline/timeline.svelte.ts';
import { basePath } from '../ui/base-path.ts';
import type { Settings } from '../ui/settings.svelte.ts';

/** The part of the world that the map shows: its centre in degrees, and the zoom level. */
export interface MapPosition {
  longitude: number;
  latitude: number;
  zoom: number;
}

/** The parts of the page whose state a link holds. */
interface Parts {
  readonly replays: Replays;
  readonly selection: SubjectSelection;
  readonly timeline: Timeline;
  readonly filter: AreaFilter;
  readonly settings: Settings;
}

const WRITE_EVERY_MS = 1000;
/** A time in a link that is no further from the replay's position than this, seconds of playing, needs no seek. */
const NEAR_S = 5;
/** The most subjects of a lasso that an address has room for; with more, the address leaves them out. */
const MOST_SUBJECTS = 50;

/** The query parameters of this class; others are left unchanged. */
const PARAMETERS = [
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
type Parameters = Record<(typeof PARAMETERS)[number], string | undefined>;

/**
 * Keeps the view in the address: replay, time, rate, map, subject, part of the timeline, area filter, added charts. Opening the
 * address shows the same view; reloading it doesn't disturb a replay that goes on.
 */
export class SharedLink {
  /** The part of the world that the map shows; before there is a map, the one in the address, if any. */
  position: MapPosition | undefined;
  readonly #parts: Parts;
  #wanted: { t: number; rate: Rate | undefined } | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#read();
    setInterval(() => document.hidden || this.#write(), WRITE_EVERY_MS);
  }

  /** Brings the chosen replay to the time and rate of the address; once, when the replay is known. */
  apply(): void {
    const { replays } = this.#parts;
    const wanted = this.#wanted;
    if (!wanted || !replays.chosen) return;
    this.#wanted = undefined;
    const rate = replays.rate === 'max' ? 1 : replays.rate;
    const away = Math.abs(replays.positionAt(performance.now()) - wanted.t);
    if (wanted.rate !== undefined && wanted.rate !== replays.rate) void replays.patch({ rate: wanted.rate });
    if (away > NEAR_S * 1000 * Math.max(1, rate)) void replays.seek(wanted.t);
  }

  #read(): void {
    const { selection, timeline, replays, filter, settings } = this.#parts;
    const query = new URLSearchParams(location.search);
    const own = Object.fromEntries(
      PARAMETERS.map((name) => [name, query.get(name) ?? undefined]),
    ) as Parameters;
    replays.chosenId = own.replay;
    const [longitude = NaN, latitude = NaN, zoom = NaN] = numbersOf(own.map);
    if (Math.abs(latitude) <= 90 && zoom >= 0) this.position = { longitude, latitude, zoom };
    if (own.channel && own.subject) selection.key = keyOf(own.channel, own.subject);
    selection.follow = Boolean(own.follow && selection.key);
    const [from = NaN, to = NaN] = (own.part ?? '').split('..').map((text) => Date.parse(text));
    if (to > from) timeline.wanted = { from, to };
    const box = numbersOf(own.box);
    if (own.box && box.length === 4 && box.every(Number.isFinite)) filter.box(box as Box);
    const only = new Map<string, string[]>();
    for (const [root, name] of pairsOf(own.only)) only.set(root, [...(only.get(root) ?? []), name]);
    if (only.size > 0) filter.only(only);
    const { charts } = settings.kept;
    const added = pairsOf(own.charts).filter((one) => !charts.some((other) => other.join() === one.join()));
    if (added.length > 0) settings.set('charts', [...charts, ...added]);
    this.#readTime(own);
  }

  /** Only opening a link changes a replay; reloading the page, or going back to it, doesn't. */
  #readTime({ t: time, rate: rateText }: Parameters): void {
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    const t = Date.parse(time ?? '');
    if (entry?.type !== 'navigate' || Number.isNaN(t)) return;
    const rate = rateText === 'max' ? 'max' : Number(rateText);
    this.#wanted = { t, rate: rate === 'max' || rate > 0 ? rate : undefined };
  }

  #write(): void {
    // Other pages have their own addresses; and what is not applied yet must not be overwritten.
    if (location.pathname !== basePath || this.#wanted) return;
    const own = this.#current();
    const query = new URLSearchParams(location.search);
    for (const name of PARAMETERS) {
      if (own[name] === undefined) query.delete(name);
      else query.set(name, own[name]);
    }
    // Colons, commas and slashes are allowed in a query, and easier to read unescaped.
    const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
    const search = text && `?${text}`;
    if (search !== location.search)
      history.replaceState(history.state, '', `${basePath}${search}${location.hash}`);
  }

  #current(): Parameters {
    const { replays, selection, timeline, filter, settings } = this.#parts;
    const only = [...filter.caught].flatMap(([root, names]) => names.map((name) => [root, name] as const));
    const at = replays.positionAt(performance.now());
    const [channel, subject] = selection.key?.split('\n') ?? [];
    const { position } = this;
    const { part } = timeline;
    return {
      replay: replays.chosen?.id,
      t: Number.isNaN(at) ? undefined : iso(replays.state === 'playing' ? Math.round(at / 1000) * 1000 : at),
      rate: replays.chosen && String(replays.rate),
      map:
        position &&
        [position.longitude.toFixed(5), position.latitude.toFixed(5), position.zoom.toFixed(2)].join(),
      channel,
      subject,
      follow: selection.follow ? '1' : undefined,
      box: filter.area?.kind === 'box' ? filter.area.box.map((side) => side.toFixed(5)).join() : undefined,
      only: only.length <= MOST_SUBJECTS ? textOf(only) : undefined,
      charts: textOf(settings.kept.charts),
      part: part && `${iso(Math.round(part.from))}..${iso(Math.round(part.to))}`,
    };
  }
}

type Pair = readonly [channel: string, name: string];

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

const numbersOf = (text: string | undefined): number[] => (text ?? '').split(',').map(Number);

/** `gps/car-1,gps/car-2`, with commas in names escaped; undefined for an empty list. */
const textOf = (list: readonly Pair[]): string | undefined =>
  list.map(([channel, name]) => `${channel}/${name.replace(/[%,]/g, encodeURIComponent)}`).join() ||
  undefined;

function pairsOf(text: string | undefined): Pair[] {
  return (text?.split(',') ?? []).flatMap((pair): Pair[] => {
    const [, channel, name] = /^([^/]+)\/(.+)$/.exec(pair) ?? [];
    return channel && name ? [[channel, unescaped(name)]] : [];
  });
}

/** Undoes only the escapes of `textOf`: an address may be written by hand. */
const unescaped = (name: string): string =>
  name.replace(/%(25|2C)/gi, (_, code: string) => (code === '25' ? '%' : ','));
