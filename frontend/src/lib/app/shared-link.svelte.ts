import type { Rate, Replay } from '../../../../schemas/types.ts';
import type { AreaFilter } from '../live/area-filter.svelte.ts';
import type { FileDrops } from '../live/file-drops.svelte.ts';
import type { Box } from '../live/geometry.ts';
import { recordingsKey, type Replays } from '../live/replays.svelte.ts';
import type { SubjectSelection } from '../live/subjects/subject-selection.svelte.ts';
import { keyOf } from '../live/subjects/subjects.ts';
import type { Timeline } from '../timeline/timeline.svelte.ts';
import { basePath } from '../ui/base-path.ts';
import type { Settings } from '../ui/settings.svelte.ts';
import {
  listOf,
  listText,
  numbersOf,
  pairsOf,
  pairText,
  readAddress,
  writeAddress,
  type ViewParameters,
} from './address.ts';

/** The part of the world that the map shows: its centre in degrees, and the zoom level. */
export interface MapPosition {
  longitude: number;
  latitude: number;
  zoom: number;
}

/** What a link shows that can't be seen without changing a replay for everybody, or starting one. */
export interface LinkWish {
  /** The replay that the link names; undefined: the one that is shown. */
  readonly replay: string | undefined;
  /** Its recordings, as far as the link names them. */
  readonly recordings: readonly string[];
  /** Recording time, ms. */
  readonly timeMs: number;
  readonly rate: Rate | undefined;
}

/** A question about a link: to change a replay for everybody, to start one that is not there, or only to be told so. */
export interface LinkQuestion extends LinkWish {
  readonly kind: 'change' | 'start' | 'absent';
  /** Whether it leads to another time than the replay's. */
  readonly seeks: boolean;
}

/** The parts of the page whose state a link holds. */
interface Parts {
  readonly replays: Replays;
  readonly drops: FileDrops;
  readonly selection: SubjectSelection;
  readonly timeline: Timeline;
  readonly filter: AreaFilter;
  readonly settings: Settings;
}

const WRITE_EVERY_MS = 1000;
/** A time in a link that is no further from the replay's position than this, seconds of playing, needs no seek. */
const NEAR_S = 5;
/** The most subjects of a lasso, and recordings of a replay, that an address has room for; with more, it leaves them out. */
const MOST_NAMES = 50;

/**
 * Keeps the view in the address: replay, time, rate, map, subject, part of the timeline, area filter, added charts. Opening the
 * address shows the same view. It never changes a replay, which everybody sees: where it would have to, it asks.
 */
export class SharedLink {
  /** The part of the world that the map shows; before there is a map, the one in the address, if any. */
  position: MapPosition | undefined;
  /** What to ask the person; undefined: nothing. */
  question = $state.raw<LinkQuestion>();
  readonly #parts: Parts;
  /** The replay whose view the address held, and its recordings; undefined: it named none. */
  readonly #replay: string | undefined;
  readonly #recordings: string;
  #wish: LinkWish | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    const view = readAddress();
    this.#replay = view.replay;
    this.#recordings = recordingsKey({ recordings: listOf(view.recordings) });
    this.#read(view);
    setInterval(() => document.hidden || this.#write(), WRITE_EVERY_MS);
  }

  /** Whether the view of the address belongs to a replay: one of that name or those recordings. Without a name, to any. */
  isOf(replay: Replay | undefined): boolean {
    const isNamed = this.#replay === undefined || this.#replay === replay?.id;
    return isNamed || (replay !== undefined && recordingsKey(replay) === this.#recordings);
  }

  /** Compares the address with the replays, once they are known: `question` says what would have to be changed. */
  compare(): void {
    const wish = this.#wish;
    const { replays } = this.#parts;
    if (!wish || !replays.known) return;
    this.#wish = undefined;
    const { chosen } = replays;
    if (!this.isOf(chosen)) {
      this.question = { ...wish, kind: wish.recordings.length > 0 ? 'start' : 'absent', seeks: true };
      return;
    }
    if (!chosen) return;
    const rate = replays.rate === 'max' ? 1 : replays.rate;
    const awayMs = Math.abs(replays.positionAt(performance.now()) - wish.timeMs);
    const seeks = awayMs > NEAR_S * 1000 * Math.max(1, rate);
    if (seeks || (wish.rate !== undefined && wish.rate !== replays.rate))
      this.question = { ...wish, kind: 'change', seeks };
  }

  /** Does what was asked, for everybody. */
  async accept(): Promise<void> {
    const { question } = this;
    const { replays, drops } = this.#parts;
    this.question = undefined;
    if (!question) return;
    const { kind, replay, recordings, timeMs, rate, seeks } = question;
    if (kind === 'start') {
      const position = new Date(timeMs).toISOString();
      await drops.playRecordings(recordings, { id: replay, rate, position });
    } else if (kind === 'change') {
      if (rate !== undefined && rate !== replays.rate) await replays.patch({ rate });
      if (seeks) await replays.seek(timeMs);
    }
  }

  /** Leaves everything as it is. */
  decline(): void {
    this.question = undefined;
  }

  #read(own: ViewParameters): void {
    const { selection, timeline, replays, filter, settings } = this.#parts;
    replays.chosenId = own.replay;
    replays.wantedRecordings = this.#recordings;
    // The filter belongs to these recordings, whether or not they are played now.
    if (own.recordings) filter.show(this.#recordings);
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
    this.#readWish(own);
  }

  /** Only opening a link asks; reloading the page, or going back to it, doesn't. */
  #readWish({ t: time, rate: rateText, replay, recordings }: ViewParameters): void {
    const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    const timeMs = Date.parse(time ?? '');
    if (entry?.type !== 'navigate' || Number.isNaN(timeMs)) return;
    const rate = rateText === 'max' ? 'max' : Number(rateText);
    this.#wish = {
      timeMs,
      rate: rate === 'max' || rate > 0 ? rate : undefined,
      replay,
      recordings: listOf(recordings),
    };
  }

  #write(): void {
    // Other pages have their own addresses; and what is not answered yet must not be overwritten.
    if (location.pathname === basePath && !this.#wish && !this.question) writeAddress(this.#current());
  }

  #current(): ViewParameters {
    const { replays, selection, timeline, filter, settings } = this.#parts;
    const { chosen } = replays;
    const only = [...filter.caught].flatMap(([root, names]) => names.map((name) => [root, name] as const));
    const at = replays.positionAt(performance.now());
    const [channel, subject] = selection.key?.split('\n') ?? [];
    const { position } = this;
    const { part } = timeline;
    return {
      replay: chosen?.id,
      recordings: chosen && chosen.recordings.length <= MOST_NAMES ? listText(chosen.recordings) : undefined,
      t: Number.isNaN(at) ? undefined : iso(replays.state === 'playing' ? Math.round(at / 1000) * 1000 : at),
      rate: chosen && String(replays.rate),
      map:
        position &&
        [position.longitude.toFixed(5), position.latitude.toFixed(5), position.zoom.toFixed(2)].join(),
      channel,
      subject,
      follow: selection.follow ? '1' : undefined,
      box: filter.area?.kind === 'box' ? filter.area.box.map((side) => side.toFixed(5)).join() : undefined,
      only: only.length <= MOST_NAMES ? pairText(only) : undefined,
      charts: pairText(settings.kept.charts),
      part: part && `${iso(Math.round(part.from))}..${iso(Math.round(part.to))}`,
    };
  }
}

const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
