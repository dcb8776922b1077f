import type { ClockTick, DeadLetter, RecordingDescription } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import type { Recordings } from '../live/recordings.svelte.ts';
import type { Replays } from '../live/replays.svelte.ts';
import { gapsOf } from './gaps.ts';
import { Lateness } from './lateness.ts';
import { moved, zoomed, type TimeRange } from '../ui/time-range.ts';

const DEAD_LETTERS_MAX = 1000;

/** A row that was refused, its time (recording time, ms) or one between those around it, and the reason. */
export interface BadRow {
  timeMs: number;
  source: string;
  line: number;
  reason: string;
}

/** The timeline of the chosen replay: its whole range, the visible part, and the flaws of its data. */
export class Timeline {
  readonly lateness = new Lateness();
  /** The visible part; undefined: all of it. */
  part = $state.raw<TimeRange>();
  /** The part to show when the first replay is chosen; set by a shared link. */
  wanted: TimeRange | undefined;
  badRows = $state.raw<readonly BadRow[]>([]);
  readonly #replays: Replays;
  readonly #recordings: Recordings;
  #asked = '';

  constructor(replays: Replays, recordings: Recordings) {
    this.#replays = replays;
    this.#recordings = recordings;
    $effect.root(() => {
      $effect(() => void this.#askForBadRows(this.refused));
    });
  }

  readonly descriptions = $derived.by<readonly (RecordingDescription & { id: string })[]>(() =>
    (this.#replays.chosen?.recordings ?? []).flatMap((id) => {
      const description = this.#recordings.described(id)?.description;
      return description ? [{ ...description, id }] : [];
    }),
  );

  /** From the first record to the last; undefined while unknown. A looped range is a part of it. */
  readonly whole = $derived.by<TimeRange | undefined>(() => {
    const { startMs, endMs, range } = this.#replays;
    let [from, to] = [startMs, endMs];
    if (range) {
      for (const { start, end } of this.descriptions) {
        if (start) from = Math.min(from, Date.parse(start));
        if (end) to = Math.max(to, Date.parse(end));
      }
    }
    return to > from ? { from, to } : undefined;
  });

  /** The time zone in which the recordings were read; undefined while unknown. */
  get zone(): string | undefined {
    for (const { inferred } of this.descriptions) {
      const zone = inferred['tz']?.value;
      if (typeof zone === 'string') return zone;
    }
    return undefined;
  }

  /** The visible part, or the whole. */
  readonly shown = $derived(this.part ?? this.whole);
  readonly gaps = $derived(this.descriptions.flatMap(gapsOf));

  /** The descriptions that hold for this replay: played onto other channels, other rows of a recording are refused. */
  readonly #fitting = $derived.by(() => {
    const played = this.#replays.chosen?.channels ?? [];
    return this.descriptions.filter(({ channels }) =>
      channels.every(({ channel }) => played.includes(channel)),
    );
  });

  /** The number of rows refused by the replay so far, or when its recordings were read. */
  readonly refused = $derived.by(() =>
    Math.max(
      this.#replays.chosen?.counts.refused ?? 0,
      this.#fitting.reduce((sum, { refused }) => sum + refused, 0),
    ),
  );

  /** Another replay is shown: from start to end, or the part of a link. */
  begin(): void {
    this.part = this.wanted;
    this.wanted = undefined;
    this.lateness.clear();
  }

  /** Zooms in (factor below 1) or out, around a time. */
  zoom(factor: number, aboutMs: number): void {
    const { shown, whole } = this;
    if (shown && whole) this.#show(zoomed(shown, whole, factor, aboutMs));
  }

  /** Moves the visible part. */
  pan(byMs: number): void {
    if (this.part && this.whole) this.#show(moved(this.part, this.whole, byMs));
  }

  /** Takes a clock tick of the chosen replay. */
  tick({ replay, time, latenessMs, state }: ClockTick): void {
    if (this.whole && latenessMs !== undefined && state === 'playing')
      this.lateness.note(replay, this.whole, Date.parse(time), latenessMs);
  }

  #show(part: TimeRange): void {
    const { whole } = this;
    this.part = whole && part.to - part.from < whole.to - whole.from ? part : undefined;
  }

  async #askForBadRows(count: number): Promise<void> {
    const { chosen, scope } = this.#replays;
    const asked = `${scope.key} ${count} ${this.descriptions.length}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    const described = this.#fitting.flatMap(({ id, refusals = [] }) =>
      refusals.map(({ time, ...row }) => ({ ...row, source: id, timeMs: Date.parse(time ?? '') })),
    );
    this.badRows = count === 0 ? [] : distinct(described);
    if (count === described.length || !chosen) return;
    try {
      // A description names the first twenty; each has its letter.
      const { items } = await api.deadLetters(DEAD_LETTERS_MAX);
      const { id, created = '' } = chosen;
      const own = items.filter(({ replay, at }) => replay === id && at >= created);
      if (asked === this.#asked) this.badRows = distinct([...described, ...own.flatMap(rowOf)]);
    } catch {
      // The label shows their number; ask again later for their places.
      this.#asked = '';
    }
  }
}

function rowOf({ source, line, reason, time }: DeadLetter): BadRow[] {
  return line === undefined ? [] : [{ source, line, reason, timeMs: Date.parse(time ?? '') }];
}

/** Each row once, without those that have no place on the timeline. */
function distinct(rows: readonly BadRow[]): BadRow[] {
  const found = new Map<string, BadRow>();
  for (const row of rows) {
    const key = `${row.source} ${row.line}`;
    if (!Number.isNaN(row.timeMs) && !found.has(key)) found.set(key, row);
  }
  return [...found.values()];
}
