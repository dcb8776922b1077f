import type { ClockTick, DeadLetter, RecordingDescription } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import type { Recordings } from '../live/recordings.svelte.ts';
import type { Replays } from '../live/replays.svelte.ts';
import { gapsOf, timeOfLine } from './gaps.ts';
import { Lateness } from './lateness.ts';
import { moved, zoomed, type TimeRange } from '../ui/time-range.ts';

const DEAD_LETTERS_MAX = 1000;

/** A row that was refused, its approximate time (recording time, ms), and the reason. */
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

  readonly #replayId = $derived.by(() => this.#replays.chosen?.id);

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

  /** The number of rows refused by the replay or when its recordings were read. */
  readonly refused = $derived.by(() =>
    Math.max(
      this.#replays.chosen?.counts.refused ?? 0,
      this.descriptions.reduce((sum, { refused }) => sum + refused, 0),
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
    const asked = `${this.#replayId} ${count} ${this.descriptions.length}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    if (count === 0) {
      this.badRows = [];
      return;
    }
    try {
      const { items } = await api.deadLetters(DEAD_LETTERS_MAX);
      if (asked === this.#asked) this.badRows = this.#located(items);
    } catch {
      // The label shows their number; ask again later for their places.
      this.#asked = '';
    }
  }

  #located(letters: readonly DeadLetter[]): BadRow[] {
    const found = new Map<string, BadRow>();
    for (const { source, line, reason } of letters) {
      const description = this.descriptions.find(({ id }) => id === source);
      if (!description || line === undefined) continue;
      found.set(`${source} ${line}`, { timeMs: timeOfLine(description, line), source, line, reason });
    }
    return [...found.values()];
  }
}
