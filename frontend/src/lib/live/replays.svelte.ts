import type { ClockTick, Problem, Rate, Replay, ReplayPatch } from '../../../../schemas/types.ts';
import { api, problemOf } from './api.ts';
import type { Connection } from './connection.svelte.ts';
import { scopeKey, scopeOf, type Scope } from './scope.ts';
import type { TimeRange } from '../ui/time-range.ts';

/** The shortest range that can be looped. */
const SHORTEST_RANGE_MS = 100;

/** The rates that the controls offer; others can be set over REST. */
export const RATES: readonly Rate[] = [0.01, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 'max'];

const numeric = (rate: Rate): number => (rate === 'max' ? Infinity : rate);

/** The next higher (1) or lower (-1) rate that the controls offer. */
export function stepRate(rate: Rate, direction: 1 | -1): Rate {
  const ladder = direction === 1 ? RATES : RATES.toReversed();
  return ladder.find((step) => (numeric(step) - numeric(rate)) * direction > 0) ?? rate;
}

/** All replays, the chosen one with its clock, and the commands for it. */
export class Replays {
  list = $state.raw<Replay[]>([]);
  /** Whether the list has been received. */
  known = $state(false);
  /** The id of the replay to show, whether or not it is there; undefined: the oldest one. */
  chosenId = $state<string>();
  /** The recordings to look for where there is no replay of that id, as `recordingsKey` writes them. */
  wantedRecordings = '';
  /** Whether events are shown that belong to no replay, although there are replays. */
  live = $state(false);
  /** Why the last action failed. */
  problem = $state.raw<Problem>();
  /** The position that is being dragged to, ms; shown instead of the clock. */
  preview = $state<number>();
  readonly chosen = $derived(
    this.live ? undefined : (this.list.find(({ id }) => id === this.chosenId) ?? this.list[0]),
  );
  readonly #scopeKey = $derived(scopeKey(this.chosen));
  /** Which events are shown. A new object only when another replay is shown. */
  readonly scope: Scope = $derived(scopeOf(this.#scopeKey));
  readonly startMs = $derived(this.chosen ? Date.parse(this.chosen.start) : NaN);
  readonly endMs = $derived(this.chosen?.end ? Date.parse(this.chosen.end) : NaN);
  /** The range that is looped; undefined when all is played. `startMs` and `endMs` are then its ends. */
  readonly range = $derived.by<TimeRange | undefined>(() => {
    const [from, to] = this.chosen?.ab ?? [];
    return from && to ? { from: Date.parse(from), to: Date.parse(to) } : undefined;
  });
  /** The start of a range whose end is not set yet, ms. */
  mark = $state<number>();

  /** The latest tick of each replay and when it arrived. Not reactive: it changes ten times a second. */
  #ticks = new Map<string, { tick: ClockTick; timeMs: number; at: number }>();
  #shown = $state.raw<ClockTick>();
  readonly #connection: () => Connection;

  constructor(connection: () => Connection) {
    this.#connection = connection;
  }

  /** The chosen replay's state, from its latest tick where there is one: ticks come sooner than the list. */
  readonly state = $derived(this.#tickOfChosen?.state ?? this.chosen?.state);
  readonly rate = $derived<Rate>(this.#tickOfChosen?.rate ?? this.chosen?.rate ?? 1);
  readonly achievedRate = $derived(this.#tickOfChosen?.achievedRate ?? this.chosen?.achievedRate);

  get #tickOfChosen(): ClockTick | undefined {
    return this.#shown?.replay === this.chosen?.id ? this.#shown : undefined;
  }

  setList(list: Replay[]): void {
    this.list = list;
    this.known = true;
    // One that is shown because there was no other stays when others come.
    if (list.length > 0 && !list.some(({ id }) => id === this.chosenId))
      this.chosenId = (list.find((replay) => recordingsKey(replay) === this.wantedRecordings) ?? list[0])?.id;
    for (const id of this.#ticks.keys()) if (!list.some((replay) => replay.id === id)) this.#ticks.delete(id);
  }

  tick(tick: ClockTick): void {
    this.#ticks.set(tick.replay, { tick, timeMs: Date.parse(tick.time), at: performance.now() });
    const old = this.#shown;
    if (tick.replay !== this.chosen?.id) return;
    const same = old?.replay === tick.replay && old.state === tick.state && old.rate === tick.rate;
    if (!same || Math.abs((old.achievedRate ?? 0) - (tick.achievedRate ?? 0)) > 0.05) this.#shown = tick;
  }

  /** Shows another replay; undefined: the events that belong to no replay. */
  choose(id: string | undefined): void {
    this.live = id === undefined;
    if (id === undefined) return;
    this.chosenId = id;
    this.#shown = this.#ticks.get(id)?.tick;
    this.preview = undefined;
    this.mark = undefined;
  }

  /** Shows the next replay of the list, and after the last one the events of none. */
  chooseNext(): void {
    const at = this.list.findIndex(({ id }) => id === this.chosen?.id);
    this.choose(this.list[at + 1]?.id);
  }

  /** The chosen replay's position at `now` (performance.now), ms of recording time. Between ticks it is extrapolated, for 250 ms at most. */
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
      // The banner says what is wrong, and the socket sends the list later.
    }
  }

  /** Changes the chosen replay. Returns true when done; otherwise `problem` says why not. */
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

  /** Plays or pauses; a replay that has ended starts again. */
  toggle(): Promise<boolean> {
    if (this.state === 'ended' && this.chosen)
      return this.patch({ position: this.chosen.start, state: 'playing' });
    return this.patch({ state: this.state === 'playing' ? 'paused' : 'playing' });
  }

  /** Seeks to a time of the recording, ms. A time outside the looped range ends the loop over it. */
  seek(ms: number): Promise<boolean> {
    const { range } = this;
    if (range && (ms < range.from || ms > range.to))
      return this.patch({ ab: null, position: iso(ms) }).then((done) => done && this.patch({ loop: true }));
    const end = Number.isNaN(this.endMs) ? ms : this.endMs;
    return this.patch({ position: iso(Math.max(this.startMs, Math.min(end, ms))) });
  }

  /** Seeks back (-1) or forward (1) by ten seconds, or by one percent of a recording longer than 15 minutes; `times` as far. */
  skip(direction: 1 | -1, times = 1): Promise<boolean> {
    const length = Number.isNaN(this.endMs) ? 0 : this.endMs - this.startMs;
    const step = Math.max(10_000, length > 900_000 ? length / 100 : 0) * times;
    return this.seek(this.positionAt(performance.now()) + direction * step);
  }

  /** Pauses, and goes to the next (1) or previous (-1) record time. */
  step(direction: 1 | -1): Promise<boolean> {
    return this.patch({ step: direction === 1 ? 'time' : '-time' });
  }

  /** Loops over a range; undefined: over the whole recording. */
  async setRange(range: TimeRange | undefined): Promise<boolean> {
    this.mark = undefined;
    if (range) return this.patch({ ab: `${iso(range.from)}..${iso(range.to)}` });
    return (await this.patch({ ab: null })) && this.patch({ loop: true });
  }

  /**
   * Sets the start (A) or the end (B) of the looped range. A without B is only a mark; B without A takes the start of the
   * recording.
   */
  setEnd(end: 'a' | 'b', ms: number): Promise<boolean> {
    const { range } = this;
    if (end === 'b') {
      const from = this.mark ?? range?.from ?? this.startMs;
      return this.setRange({ from: Math.min(from, ms - SHORTEST_RANGE_MS), to: ms });
    }
    if (range && ms < range.to - SHORTEST_RANGE_MS) return this.setRange({ from: ms, to: range.to });
    this.mark = ms;
    return Promise.resolve(true);
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The recordings of a replay as one text: what belongs to them has this key. */
export const recordingsKey = (replay: Pick<Replay, 'recordings'> | undefined): string =>
  JSON.stringify(replay?.recordings ?? []);

/** The title of a replay: its id, or its recordings when the id was generated. */
export const titleOf = ({ id, recordings }: Replay): string =>
  /^replay-[0-9a-f]+$/.test(id) && recordings.length > 0 ? recordings.join(', ') : id;

const isProblem = (error: unknown): error is Problem =>
  typeof error === 'object' && error !== null && 'title' in error && 'code' in error;
