/** A stretch of time, in ms; `from` lies before `to`. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/** The shortest range that zooming leads to. */
const SHORTEST_MS = 1000;

const lengthOf = ({ from, to }: TimeRange): number => to - from;

/** The position of a time in a range: 0 at its start, 1 at its end, less or more outside. */
export const shareOf = (range: TimeRange, ms: number): number =>
  (ms - range.from) / Math.max(1e-9, lengthOf(range));

/** The time at a share of a range; the inverse of `shareOf`. */
export const timeAt = (range: TimeRange, share: number): number => range.from + share * lengthOf(range);

/** Two times in any order as a range. */
export const ordered = (a: number, b: number): TimeRange => ({ from: Math.min(a, b), to: Math.max(a, b) });

/** The range made shorter (`factor` below 1) or longer, with `about` kept in its place. Never leaves the whole. */
export function zoomed(range: TimeRange, whole: TimeRange, factor: number, about: number): TimeRange {
  const longest = lengthOf(whole);
  const length = Math.min(longest, Math.max(Math.min(SHORTEST_MS, longest), lengthOf(range) * factor));
  const from = about - shareOf(range, about) * length;
  return inside({ from, to: from + length }, whole);
}

/** The range moved by a time, as far as the whole allows. */
export const moved = ({ from, to }: TimeRange, whole: TimeRange, byMs: number): TimeRange =>
  inside({ from: from + byMs, to: to + byMs }, whole);

function inside(range: TimeRange, whole: TimeRange): TimeRange {
  const length = Math.min(lengthOf(range), lengthOf(whole));
  const start = Math.max(whole.from, Math.min(range.from, whole.to - length));
  return { from: start, to: start + length };
}
