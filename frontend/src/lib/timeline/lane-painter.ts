import { css, type Rgb } from '../ui/colours.ts';
import type { Moment, MomentKind } from './moments.ts';
import { LANE_PX, lanes, topOf, type Lane, type TimelineScene } from './timeline-scene.ts';

/** Records that leave this many ms late are noticeable, or bad. */
const LATE_MS = { noticed: 50, bad: 250 };

/** The colours of the lanes in the current theme. */
export type LaneColours = Record<'line' | 'soft' | 'done' | 'bad' | 'warn', Rgb>;

const colourOf: Record<MomentKind, 'bad' | 'warn' | 'done'> = {
  alert: 'bad',
  stop: 'warn',
  fence: 'done',
};

/** Draws the lanes of a timeline: moments, and when expanded also gaps, losses, bad rows and lateness. `x` returns pixels. */
export function paintLanes(
  c: CanvasRenderingContext2D,
  colours: LaneColours,
  scene: TimelineScene,
  width: number,
  x: (ms: number) => number,
): void {
  const { expanded, moments, key } = scene;
  if (expanded) {
    c.fillStyle = css(colours.line);
    for (const lane of lanes) c.fillRect(0, topOf(lane, true) + LANE_PX - 1, width, 1);
  }
  for (const moment of moments) {
    const at = x(moment.timeMs);
    if (at < -5 || (at > width + 5 && x(moment.fromMs) > width + 5)) continue;
    c.globalAlpha = key && moment.key !== key && moment.kind !== 'alert' ? 0.25 : 1;
    // In a shared lane only the start of a stop is drawn.
    if (expanded || moment.what !== 'left')
      paintMoment(c, colours, moment, at, x(moment.fromMs), topOf(moment.kind, expanded));
  }
  c.globalAlpha = 1;
  if (expanded) paintFlaws(c, colours, scene, x);
}

/** Gaps, losses, bad rows and lateness. */
function paintFlaws(
  c: CanvasRenderingContext2D,
  { soft, bad, warn }: LaneColours,
  { gaps, losses, badRows, lateness: { worst, whole } }: TimelineScene,
  x: (ms: number) => number,
): void {
  const box = (lane: Lane, from: number, width: number, colour: Rgb, alpha = 1): void => {
    c.fillStyle = css(colour, alpha);
    c.fillRect(from, topOf(lane, true) + 2, Math.max(1.5, width), LANE_PX - 5);
  };
  for (const { from, to } of gaps) box('gap', x(from), x(to) - x(from), soft, 0.7);
  for (const { timeMs } of losses) box('gap', x(timeMs) - 1, 2.5, bad);
  for (const { timeMs } of badRows) box('bad', x(timeMs) - 1, 2.5, bad);
  const part = (whole.to - whole.from) / worst.length;
  worst.forEach((ms, i) => {
    if (!(ms >= LATE_MS.noticed)) return;
    const from = x(whole.from + i * part);
    box('late', from, x(whole.from + (i + 1) * part) - from, ms >= LATE_MS.bad ? bad : warn);
  });
}

/** An alert is a diamond, a stop a bar as long as it lasted, a crossing a triangle: up into the fence, down out of it. */
function paintMoment(
  c: CanvasRenderingContext2D,
  colours: LaneColours,
  { kind, what }: Moment,
  at: number,
  from: number,
  top: number,
): void {
  // Stops of several subjects overlap: each adds some colour.
  c.fillStyle = css(colours[colourOf[kind]], kind === 'stop' && what === 'left' ? 0.3 : 1);
  const middle = top + LANE_PX / 2 - 0.5;
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
