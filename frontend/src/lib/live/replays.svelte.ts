import type { ClockTick, Problem, Rate, Replay, ReplayPatch } from '../../../../schemas/types.ts';
import { api, problemOf } from './api.ts';
import type { Connection } from './connection.svelte.ts';
import type { TimeRange } from '../ui/time-range.ts';

/** What is played over and over is no shorter. */
const LEAST_RANGE_MS = 100;

/** Rates that the controls step through; any other can be set over REST. */
export const RATES: readonly Rate[] = [0.01, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 'max'];

const numeric = (rate: Rate): number => (rate === 'max' ? Infinity : rate);

/** The next rate up (1) or down (-1) the ladder. */
export function stepRate(rate: Rate, direction: 1 | -1): Rate {
  const ladder = direction === 1 ? RATES : RATES.toReversed();
  return ladder.find((step) => (numeric(step) - numeric(rate)) * direction > 0) ?? rate;
}

/** Which replays there are, which one is chosen, where its clock stands, and what can be done to it. */
export class Replays {
  list = $state.raw<Replay[]>([]);
  /** Whether the list has come at least once. */
  known = $state(false);
  chosenId = $state<string>();
  /** Why the last action failed. */
  problem = $state.raw<Problem>();
  /** The position that a finger is on, ms; shown instead of the clock. */
  preview = $state<number>();
  readonly chosen = $derived(this.list.find(({ id }) => id === this.chosenId) ?? this.list[0]);
  readonly startMs = $derived(this.chosen ? Date.parse(this.chosen.start) : NaN);
  readonly endMs = $derived(this.chosen?.end ? Date.parse(this.chosen.end) : NaN);
  /** What is played over and over, if not all of it. Then `startMs` and `endMs` are its ends. */
  readonly range = $derived.by<TimeRange | undefined>(() => {
    const [from, to] = this.chosen?.ab ?? [];
    return from && to ? { from: Date.parse(from), to: Date.parse(to) } : undefined;
  });
  /** The A that waits for its B, ms. */
  mark = $state<number>();

  /** The latest tick of each replay and when it came. Not reactive: it moves ten times a second. */
  #ticks = new Map<string, { tick: ClockTick; timeMs: number; at: number }>();
  #shown = $state.raw<ClockTick>();
  readonly #connection: () => Connection;

  constructor(connection: () => Connection) {
    this.#connection = connection;
  }

  /** The chosen replay's state: the tick's, which is quicker than the list. */
  readonly state = $derived(this.#tickOfChosen?.state ?? this.chosen?.state);
  readonly rate = $derived<Rate>(this.#tickOfChosen?.rate ?? this.chosen?.rate ?? 1);
  readonly achievedRate = $derived(this.#tickOfChosen?.achievedRate ?? this.chosen?.achievedRate);

  get #tickOfChosen(): ClockTick | undefined {
    return this.#shown?.replay === this.chosen?.id ? this.#shown : undefined;
  }

  setList(list: Replay[]): void {
    this.list = list;
    this.known = true;
    if (this.chosenId && !list.some(({ id }) => id === this.chosenId)) this.chosenId = undefined;
    for (const id of this.#ticks.keys()) if (!list.some((replay) => replay.id === id)) this.#ticks.delete(id);
  }

  tick(tick: ClockTick): void {
    this.#ticks.set(tick.replay, { tick, timeMs: Date.parse(tick.time), at: performance.now() });
    const old = this.#shown;
    if (tick.replay !== this.chosen?.id) return;
    const same = old?.replay === tick.replay && old.state === tick.state && old.rate === tick.rate;
    if (!same || Math.abs((old.achievedRate ?? 0) - (tick.achievedRate ?? 0)) > 0.05) this.#shown = tick;
  }

  choose(id: string): void {
    this.chosenId = id;
    this.#shown = this.#ticks.get(id)?.tick;
    this.preview = undefined;
    this.mark = undefined;
  }

  /** Where the chosen replay stands at `now` (performance.now), ms of recording time; carried on between ticks, briefly. */
  positionAt(now: number): number {
    const { chosen } = this;
    if (!chosen) return NaN;
    const last = this.#ticks.get(chosen.id);
    if (!last) return Date.parse(chosen.position);
    const rate = last.tick.rate === 'max' ? (last.tick.achievedRate ?? 0) : last.tick.rate;
    const carried = last.tick.state === 'playing' ? Math.min(now - last.at, 250) * rate : 0;
    return Number.isNaN(this.endMs) ? last.timeMs + carried : Math.min(last.timeMs + carried, this.endMs);
  }

  async refresh(): Promise<void> {
    try {
      this.setList((await api.replays()).items);
    } catch {
      // The connection's banner says what is wrong, and the socket brings the list.
    }
  }

  /** Changes the chosen replay; a refusal is kept in `problem`. True when it was done. */
  async patch(patch: ReplayPatch): Promise<boolean> {
    const id = this.chosen?.id;
    if (!id) return false;
    try {
      const changed = await this.#connection().patch(id, patch);
      this.list = this.list.map((replay) => (replay.id === id ? { ...replay, ...changed } : replay));
      this.problem = undefined;
      return true;
    } catch (error) {
      this.problem = isProblem(error) ? error : problemOf(error);
      return false;
    } finally {
      this.preview = undefined;
    }
  }

  async remove(id: string): Promise<void> {
    try {
      await api.removeReplay(id);
      this.setList(this.list.filter((replay) => replay.id !== id));
    } catch (error) {
      this.problem = problemOf(error);
    }
  }

  /** Plays or pauses; at the end there is nothing left to play, so it begins again. */
  toggle(): Promise<boolean> {
    if (this.state === 'ended' && this.chosen)
      return this.patch({ position: this.chosen.start, state: 'playing' });
    return this.patch({ state: this.state === 'playing' ? 'paused' : 'playing' });
  }

  /** Seeks to a time of the recording. Where it lies outside of the range that is played over and over, that is over. */
  seek(ms: number): Promise<boolean> {
    const { range } = this;
    if (range && (ms < range.from || ms > range.to))
      return this.patch({ ab: null, position: iso(ms) }).then((done) => done && this.patch({ loop: true }));
    const end = Number.isNaN(this.endMs) ? ms : this.endMs;
    return this.patch({ position: iso(Math.max(this.startMs, Math.min(end, ms))) });
  }

  /** Back (-1) or forward (1): ten seconds, or one percent of a recording that is longer than a quarter of an hour; or so many times that. */
  skip(direction: 1 | -1, times = 1): Promise<boolean> {
    const length = Number.isNaN(this.endMs) ? 0 : this.endMs - this.startMs;
    const step = Math.max(10_000, length > 900_000 ? length / 100 : 0) * times;
    return this.seek(this.positionAt(performance.now()) + direction * step);
  }

  /** Pauses, and goes to the records of the next time (1) or the one before (-1). */
  step(direction: 1 | -1): Promise<boolean> {
    return this.patch({ step: direction === 1 ? 'time' : '-time' });
  }

  /** Plays from one moment to another, over and over; undefined: all of it again. */
  async setRange(range: TimeRange | undefined): Promise<boolean> {
    this.mark = undefined;
    if (range) return this.patch({ ab: `${iso(range.from)}..${iso(range.to)}` });
    return (await this.patch({ ab: null })) && this.patch({ loop: true });
  }

  /**
   * Sets the begin (A) or the end (B) of what is played over and over. A alone is a mark until there is a B; B alone goes
   * from the start.
   */
  setEnd(end: 'a' | 'b', ms: number): Promise<boolean> {
    const { range } = this;
    if (end === 'b') {
      const from = this.mark ?? range?.from ?? this.startMs;
      return this.setRange({ from: Math.min(from, ms - LEAST_RANGE_MS), to: ms });
    }
    if (range && ms < range.to - LEAST_RANGE_MS) return this.setRange({ from: ms, to: range.to });
    this.mark = ms;
    return Promise.resolve(true);
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** What a person calls a replay: its name, or its recordings when the name was made up. */
export const titleOf = ({ id, recordings }: Replay): string =>
  /^replay-[0-9a-f]+$/.test(id) && recordings.length > 0 ? recordings.join(', ') : id;

const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'title' in error && 'code' in error;
