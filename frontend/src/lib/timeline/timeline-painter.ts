import { css, token } from '../ui/colours.ts';
import { stepOf, ticksOf } from '../ui/time-axis.ts';
import { shareOf } from '../ui/time-range.ts';
import { paintLanes, type LaneColours } from './lane-painter.ts';
import { AXIS_PX, heightOf, HISTOGRAM_PX, type TimelineScene } from './timeline-scene.ts';

const BAR = { width: 3, gap: 1 };
/** Distance between labels of the time axis, px. */
const LABEL_EVERY_PX = 90;

type Scale = (ms: number) => number;

/** Draws timelines onto one canvas, in the colours of the theme. */
export class TimelinePainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #colours = themeColours();
  #font = '';
  /** The counts drawn last, with what they depend on. */
  #counts: { key: string; counts: Float64Array | null } = { key: '', counts: null };

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    // Read often: the browser then draws it with the processor, which is faster for a few hundred small boxes.
    this.#context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D;
    this.recolour();
  }

  /** Takes the colours of the current theme. */
  recolour(): void {
    this.#colours = themeColours();
    this.#font = `11px ${getComputedStyle(document.body).fontFamily}`;
  }

  /** Forgets the counts, because the recordings behind them have changed. */
  recount(): void {
    this.#counts = { key: '', counts: null };
  }

  draw(scene: TimelineScene): void {
    const width = this.#canvas.clientWidth;
    const height = heightOf(scene.expanded);
    if (width < 20) return;
    this.#resize(width, height);
    const x: Scale = (ms) => shareOf(scene.shown, ms) * width;
    const bottom = height - AXIS_PX;
    this.#loop(scene, x, bottom);
    this.#histogram(scene, width, x(scene.positionMs));
    paintLanes(this.#context, this.#colours, scene, width, x);
    this.#axis(scene, width, x, height);
    this.#loopEnds(scene, x, bottom);
    if (scene.cursorMs !== undefined) this.#line(x(scene.cursorMs), bottom, this.#colours.soft, 1);
    this.#playhead(x(scene.positionMs), bottom, width);
  }

  #resize(width: number, height: number): void {
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.#canvas.width !== wide || this.#canvas.height !== high) {
      this.#canvas.width = wide;
      this.#canvas.height = high;
    }
    this.#context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#context.clearRect(0, 0, width, height);
  }

  #loop({ loop }: TimelineScene, x: Scale, bottom: number): void {
    if (!loop) return;
    this.#context.fillStyle = css(this.#colours.done, 0.12);
    this.#context.fillRect(x(loop.from), 0, x(loop.to) - x(loop.from), bottom);
  }

  #histogram(scene: TimelineScene, width: number, headX: number): void {
    const bars = Math.max(1, Math.floor(width / (BAR.width + BAR.gap)));
    const key = `${bars} ${scene.shown.from} ${scene.shown.to}`;
    if (this.#counts.key !== key) this.#counts = { key, counts: scene.counts(bars) };
    const { counts } = this.#counts;
    if (counts) return this.#bars(counts, width, headX);
    // Ask again in the next picture.
    this.#counts.key = '';
    const c = this.#context;
    c.fillStyle = css(this.#colours.bar);
    c.fillRect(0, HISTOGRAM_PX - 4, width, 4);
    c.fillStyle = css(this.#colours.done);
    c.fillRect(0, HISTOGRAM_PX - 4, Math.max(0, headX), 4);
  }

  #bars(counts: Float64Array, width: number, headX: number): void {
    const c = this.#context;
    const { bar, done } = this.#colours;
    let most = 1e-9;
    for (const n of counts) most = Math.max(most, n);
    const step = width / counts.length;
    for (const colour of [done, bar]) {
      c.fillStyle = css(colour);
      for (let i = 0; i < counts.length; i++) {
        const n = counts[i] as number;
        if (n <= 0 || (i + 0.5) * step <= headX !== (colour === done)) continue;
        // The square root keeps small counts visible.
        const height = (0.08 + 0.92 * Math.sqrt(n / most)) * (HISTOGRAM_PX - 4);
        c.fillRect(i * step, HISTOGRAM_PX - height, step - BAR.gap, height);
      }
    }
  }

  #axis({ shown, offsetMs, label }: TimelineScene, width: number, x: Scale, height: number): void {
    const c = this.#context;
    const step = stepOf(shown, Math.max(1, width / LABEL_EVERY_PX));
    c.font = this.#font;
    c.fillStyle = css(this.#colours.soft);
    c.textBaseline = 'alphabetic';
    for (const ms of ticksOf(shown, step, offsetMs)) {
      const text = label(ms, step);
      const half = c.measureText(text).width / 2;
      if (x(ms) < half - 2 || x(ms) > width - half + 2) continue;
      c.textAlign = 'center';
      c.fillRect(Math.round(x(ms)), height - AXIS_PX, 1, 3);
      c.fillText(text, x(ms), height - 2);
    }
  }

  /** The flags A and B at the ends of the loop; A alone while B is not set. */
  #loopEnds({ loop, mark }: TimelineScene, x: Scale, bottom: number): void {
    const flags: readonly (readonly [number | undefined, 'A' | 'B'])[] = [
      [loop?.from, 'A'],
      [loop?.to, 'B'],
      [mark, 'A'],
    ];
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

  #line(at: number, bottom: number, colour: LaneColours['line'], width: number): void {
    this.#context.fillStyle = css(colour);
    this.#context.fillRect(at - width / 2, 0, width, bottom);
  }

  #playhead(at: number, bottom: number, width: number): void {
    if (at < -4 || at > width + 4) return;
    const c = this.#context;
    this.#line(at, bottom, this.#colours.text, 2);
    c.fillStyle = css(this.#colours.text);
    c.beginPath();
    c.arc(Math.max(5, Math.min(width - 5, at)), 5, 5, 0, 7);
    c.fill();
  }
}

const themeColours = () => ({
  bar: token('neutral-bar'),
  done: token('accent'),
  line: token('line'),
  text: token('text'),
  soft: token('text-3'),
  bad: token('bad'),
  warn: token('warn'),
  hover: token('hover'),
});
