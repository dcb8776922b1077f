import type { Loss } from '../live/channels.ts';
import { css, token, type Rgb } from '../ui/colours.ts';
import type { Moment, MomentKind } from './moments.ts';
import { shareOf, stepOf, ticksOf, type TimeRange } from '../ui/time-range.ts';
import type { BadRow } from './timeline.svelte.ts';

export const lanes = ['alert', 'stop', 'fence', 'gap', 'bad', 'late'] as const;
export type Lane = (typeof lanes)[number];

/** Heights in CSS pixels. */
export const HISTOGRAM = 34;
export const LANE = 11;
const AXIS = 15;
const BAR = { wide: 3, apart: 1 };
const TICK_EVERY = 90;
/** Records that leave so many ms late are noticed; and are bad. */
const LATE = { noticed: 50, bad: 250 };

/** All that one picture of the timeline shows. Times are recording time, ms. */
export interface TimelineScene {
  span: TimeRange;
  /** Records in each bar; null while unknown. `bars` says how many fit. */
  counts: (bars: number) => Float64Array | null;
  positionMs: number;
  cursorMs: number | undefined;
  range: TimeRange | undefined;
  mark: number | undefined;
  /** Whether each kind has a lane of its own; else what happened shares one. */
  expanded: boolean;
  moments: readonly Moment[];
  /** The subject whose moments stand out. */
  key: string | undefined;
  gaps: readonly TimeRange[];
  losses: readonly Loss[];
  badRows: readonly BadRow[];
  /** Worst lateness of equal parts of the whole recording. */
  lateness: { worst: Float32Array; whole: TimeRange };
  offsetMs: (ms: number) => number;
  label: (ms: number, step: number) => string;
}

/** Height of the whole picture in CSS pixels. */
export const heightOf = (expanded: boolean): number =>
  HISTOGRAM + (expanded ? lanes.length : 1) * LANE + AXIS;

/** Top of a lane. */
export const topOf = (lane: Lane, expanded: boolean): number =>
  HISTOGRAM + (expanded ? lanes.indexOf(lane) : 0) * LANE;

type Colours = Record<'bar' | 'done' | 'line' | 'text' | 'soft' | 'bad' | 'warn' | 'hover', Rgb>;

/** Draws timelines onto one canvas, in the colours of the theme. */
export class TimelinePainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #colours!: Colours;
  #font = '';
  #counts: { key: string; counts: Float64Array | null } = { key: '', counts: null };

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    // Drawn by the CPU: a few hundred small boxes are there sooner than on their way through a GPU that may not exist.
    this.#context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.recolour();
  }

  recolour(): void {
    this.#colours = {
      ...{ bar: token('neutral-bar'), done: token('accent'), line: token('line'), text: token('text') },
      ...{ soft: token('text-3'), bad: token('bad'), warn: token('warn') },
      hover: token('hover'),
    };
    this.#font = `11px ${getComputedStyle(document.body).fontFamily}`;
  }

  /** Forgets the counts: what they are made of has changed. */
  recount(): void {
    this.#counts = { key: '', counts: null };
  }

  draw(picture: TimelineScene): void {
    const ratio = window.devicePixelRatio || 1;
    const width = this.#canvas.clientWidth;
    const height = heightOf(picture.expanded);
    if (width < 20) return;
    if (
      this.#canvas.width !== Math.round(width * ratio) ||
      this.#canvas.height !== Math.round(height * ratio)
    ) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    const c = this.#context;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    const x = (ms: number): number => shareOf(picture.span, ms) * width;
    this.#range(picture, x, height - AXIS);
    this.#histogram(picture, width, x(picture.positionMs));
    this.#lanes(picture, width, x);
    this.#axis(picture, width, x, height);
    this.#ends(picture, x, height - AXIS);
    if (picture.cursorMs !== undefined) this.#line(x(picture.cursorMs), height - AXIS, this.#colours.soft, 1);
    this.#head(x(picture.positionMs), height - AXIS, width);
  }

  #range({ range }: TimelineScene, x: (ms: number) => number, bottom: number): void {
    if (!range) return;
    this.#context.fillStyle = css(this.#colours.done, 0.12);
    this.#context.fillRect(x(range.from), 0, x(range.to) - x(range.from), bottom);
  }

  #histogram(picture: TimelineScene, width: number, headX: number): void {
    const bars = Math.max(1, Math.floor(width / (BAR.wide + BAR.apart)));
    const key = `${bars} ${picture.span.from} ${picture.span.to}`;
    if (this.#counts.key !== key) this.#counts = { key, counts: picture.counts(bars) };
    const { counts } = this.#counts;
    if (!counts) this.#counts.key = '';
    const c = this.#context;
    const { bar, done } = this.#colours;
    if (!counts) {
      c.fillStyle = css(bar);
      c.fillRect(0, HISTOGRAM - 4, width, 4);
      c.fillStyle = css(done);
      c.fillRect(0, HISTOGRAM - 4, Math.max(0, headX), 4);
      return;
    }
    let most = 1e-9;
    for (const n of counts) most = Math.max(most, n);
    const step = width / bars;
    for (const colour of [done, bar]) {
      c.fillStyle = css(colour);
      for (let i = 0; i < bars; i++) {
        const n = counts[i] as number;
        if (n <= 0 || (i + 0.5) * step <= headX !== (colour === done)) continue;
        // Small counts stay visible.
        const tall = (0.08 + 0.92 * Math.sqrt(n / most)) * (HISTOGRAM - 4);
        c.fillRect(i * step, HISTOGRAM - tall, step - BAR.apart, tall);
      }
    }
  }

  #lanes(picture: TimelineScene, width: number, x: (ms: number) => number): void {
    const { expanded, moments, key } = picture;
    const c = this.#context;
    if (expanded) {
      c.fillStyle = css(this.#colours.line);
      for (const lane of lanes) c.fillRect(0, topOf(lane, true) + LANE - 1, width, 1);
    }
    for (const moment of moments) {
      const at = x(moment.timeMs);
      if (at < -5 || (at > width + 5 && x(moment.fromMs) > width + 5)) continue;
      c.globalAlpha = key && moment.key !== key && moment.kind !== 'alert' ? 0.25 : 1;
      // Where all share one lane, a stop is its begin only.
      if (expanded || moment.what !== 'left')
        this.#moment(moment, at, x(moment.fromMs), topOf(moment.kind, expanded));
    }
    c.globalAlpha = 1;
    if (!expanded) return;
    const { soft, bad, warn } = this.#colours;
    const box = (lane: Lane, from: number, wide: number, colour: Rgb, alpha = 1): void => {
      c.fillStyle = css(colour, alpha);
      c.fillRect(from, topOf(lane, true) + 2, Math.max(1.5, wide), LANE - 5);
    };
    for (const { from, to } of picture.gaps) box('gap', x(from), x(to) - x(from), soft, 0.7);
    for (const { timeMs } of picture.losses) box('gap', x(timeMs) - 1, 2.5, bad);
    for (const { timeMs } of picture.badRows) box('bad', x(timeMs) - 1, 2.5, bad);
    const { worst, whole } = picture.lateness;
    const part = (whole.to - whole.from) / worst.length;
    worst.forEach((ms, i) => {
      if (!(ms >= LATE.noticed)) return;
      const from = x(whole.from + i * part);
      box('late', from, x(whole.from + (i + 1) * part) - from, ms >= LATE.bad ? bad : warn);
    });
  }

  /** An alert is a diamond, a stop a bar as long as it lasted, a crossing a triangle: up into the fence, down out of it. */
  #moment({ kind, what }: Moment, at: number, from: number, top: number): void {
    const c = this.#context;
    // Stops of many subjects lie over each other: the more, the stronger.
    c.fillStyle = css(this.#colours[colourOf[kind]], kind === 'stop' && what === 'left' ? 0.3 : 1);
    const middle = top + LANE / 2 - 0.5;
    c.beginPath();
    if (kind === 'stop') {
      if (what === 'left') c.rect(from, middle - 1.5, Math.max(1, at - from), 3);
      else c.rect(at - 1, middle - 3.5, 2, 7);
    } else if (kind === 'alert') {
      c.moveTo(at, middle - 4.5);
      c.lineTo(at + 4, middle);
      c.lineTo(at, middle + 4.5);
      c.lineTo(at - 4, middle);
    } else {
      const way = what === 'enter' ? 1 : -1;
      c.moveTo(at, middle - 3.5 * way);
      c.lineTo(at + 3.2, middle + 3 * way);
      c.lineTo(at - 3.2, middle + 3 * way);
    }
    c.fill();
  }

  #axis(
    { span, offsetMs, label }: TimelineScene,
    width: number,
    x: (ms: number) => number,
    height: number,
  ): void {
    const c = this.#context;
    const step = stepOf(span, Math.max(1, width / TICK_EVERY));
    c.font = this.#font;
    c.fillStyle = css(this.#colours.soft);
    c.textBaseline = 'alphabetic';
    for (const ms of ticksOf(span, step, offsetMs)) {
      const text = label(ms, step);
      const half = c.measureText(text).width / 2;
      if (x(ms) < half - 2 || x(ms) > width - half + 2) continue;
      c.textAlign = 'center';
      c.fillRect(Math.round(x(ms)), height - AXIS, 1, 3);
      c.fillText(text, x(ms), height - 2);
    }
  }

  /** The ends of what is played over and over, and an A that waits for its B. */
  #ends({ range, mark }: TimelineScene, x: (ms: number) => number, bottom: number): void {
    const flags: [number | undefined, string][] = [[range?.from, 'A'], [range?.to, 'B'], [mark, 'A']]; // prettier-ignore
    const c = this.#context;
    for (const [ms, letter] of flags) {
      if (ms === undefined) continue;
      this.#line(x(ms), bottom, this.#colours.done, 1.5);
      const left = letter === 'A' ? x(ms) : x(ms) - 12;
      c.fillStyle = css(this.#colours.done);
      c.fillRect(left, 0, 12, 12);
      c.fillStyle = css(this.#colours.hover);
      c.font = `600 ${this.#font.replace('11px', '9px')}`;
      c.textAlign = 'center';
      c.fillText(letter, left + 6, 9);
    }
  }

  #line(at: number, bottom: number, colour: Rgb, wide: number): void {
    this.#context.fillStyle = css(colour);
    this.#context.fillRect(at - wide / 2, 0, wide, bottom);
  }

  #head(at: number, bottom: number, width: number): void {
    if (at < -4 || at > width + 4) return;
    const c = this.#context;
    this.#line(at, bottom, this.#colours.text, 2);
    c.fillStyle = css(this.#colours.text);
    c.beginPath();
    c.arc(Math.max(5, Math.min(width - 5, at)), 5, 5, 0, 7);
    c.fill();
  }
}

const colourOf: Record<MomentKind, 'bad' | 'warn' | 'done'> = {
  alert: 'bad',
  stop: 'warn',
  fence: 'done',
};
