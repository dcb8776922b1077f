import type { ClockTick, DeadLetter, RecordingDescription } from '../../../../schemas/types.ts';
import { api } from '../live/api.ts';
import type { Recordings } from '../live/recordings.svelte.ts';
import type { Replays } from '../live/replays.svelte.ts';
import { gapsOf, timeOfLine } from './gaps.ts';
import { Lateness } from './lateness.ts';
import { moved, zoomed, type TimeRange } from '../ui/time-range.ts';

const LETTERS = 1000;

/** A row that was refused: about when it lies (recording time, ms), and why. */
export interface BadRow {
  timeMs: number;
  source: string;
  line: number;
  reason: string;
}

/** What the timeline knows of the chosen replay: its whole span, the part that is shown, and where its data is not as it should be. */
export class Timeline {
  readonly lateness = new Lateness();
  /** The part that is shown; undefined: all of it. */
  part = $state.raw<TimeRange>();
  /** The part that is to be shown first, of the replay that comes first. */
  wanted: TimeRange | undefined;
  badRows = $state.raw<readonly BadRow[]>([]);
  readonly #replays: Replays;
  readonly #recordings: Recordings;
  #asked = '';

  constructor(replays: Replays, recordings: Recordings) {
    this.#replays = replays;
    this.#recordings = recordings;
    $effect.root(() => {
      $effect(() => {
        // Another replay is seen from its begin to its end.
        if (!this.#of) return;
        this.part = this.wanted;
        this.wanted = undefined;
      });
      $effect(() => void this.#askForBadRows(this.refused));
    });
  }

  readonly #of = $derived.by(() => this.#replays.chosen?.id);

  readonly descriptions = $derived.by<readonly (RecordingDescription & { id: string })[]>(() =>
    (this.#replays.chosen?.recordings ?? []).flatMap((id) => {
      const description = this.#recordings.described(id)?.description;
      return description ? [{ ...description, id }] : [];
    }),
  );

  /** From the first record to the last; undefined while that is not known. A range that is played over and over is a part of it. */
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

  readonly shown = $derived(this.part ?? this.whole);
  readonly gaps = $derived(this.descriptions.flatMap(gapsOf));

  /** Rows that the replay, or the reading of its recordings, refused. */
  readonly refused = $derived.by(() =>
    Math.max(
      this.#replays.chosen?.counts.refused ?? 0,
      this.descriptions.reduce((sum, { refused }) => sum + refused, 0),
    ),
  );

  /** Shows it from nearer (factor below 1) or further away, around a moment. */
  zoom(factor: number, aboutMs: number): void {
    const { shown, whole } = this;
    if (shown && whole) this.#show(zoomed(shown, whole, factor, aboutMs));
  }

  /** Moves the part that is shown. */
  pan(byMs: number): void {
    if (this.part && this.whole) this.#show(moved(this.part, this.whole, byMs));
  }

  /** Takes a tick of the chosen replay's clock. */
  tick({ replay, time, latenessMs, state }: ClockTick): void {
    if (this.whole && latenessMs !== undefined && state === 'playing')
      this.lateness.note(replay, this.whole, Date.parse(time), latenessMs);
  }

  #show(part: TimeRange): void {
    const { whole } = this;
    this.part = whole && part.to - part.from < whole.to - whole.from ? part : undefined;
  }

  async #askForBadRows(count: number): Promise<void> {
    const asked = `${this.#of} ${count} ${this.descriptions.length}`;
    if (asked === this.#asked) return;
    this.#asked = asked;
    if (count === 0) {
      this.badRows = [];
      return;
    }
    try {
      const { items } = await api.deadLetters(LETTERS);
      if (asked === this.#asked) this.badRows = this.#located(items);
    } catch {
      // The count stands in the label; where they lie is told when the API is back.
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
