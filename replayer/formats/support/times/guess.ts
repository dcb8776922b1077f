import { isoTime } from '../../../../core/wire/event.ts';
import { certain, guess, likely, type Decision } from '../decision.ts';
import { OUR_DAYS } from './calendar.ts';
import { decideNumbers, isNumeric } from './numbers.ts';
import { timeReader } from './reader.ts';
import { patternOf, shapesOf, type Shape } from './shapes.ts';

/** How many values are looked at for their shape. */
const SHAPED_MAX = 40;
/** Years that a date may lie in to be taken for one. */
const YEARS = { fromMs: Date.UTC(1800, 0, 1), toMs: Date.UTC(2200, 0, 1) };
/** Rows in one order are so much closer in time than in the other that the order is likely. */
const CLOSER = 2;

/** Guesses the format of time values; null when they are not times. `unit` is a unit that the column's name gives, such as `ms`. */
export function guessTimeFormat(values: unknown[], unit?: string): Decision<string> | null {
  const present = values.filter((value) => value !== undefined && value !== null && value !== '');
  if (present.length === 0) return null;
  if (mostly(present, isNumeric)) return decideNumbers(present, unit);
  const found = decideTexts(present);
  return found && unusual(found, present);
}

/** A pattern with the times that it reads, in the order of the values; NaN where it reads none. */
interface Candidate {
  pattern: string;
  times: number[];
  count: number;
}

function decideTexts(present: unknown[]): Decision<string> | null {
  const example = JSON.stringify(present[0]);
  const iso = candidate('iso', present);
  if (iso.count > present.length / 2) return certain('iso', `${example} is ISO 8601`);
  const reading = patternsFor(present)
    .map((pattern) => candidate(pattern, present))
    .filter(({ count, times }) => count > 0 && isPlausible(times))
    .sort((a, b) => b.count - a.count);
  const best = reading[0];
  if (!best || best.count <= present.length / 2) return null;
  const others = reading.slice(1).filter(({ count }) => count === best.count);
  if (others.length === 0) return byProof(best, reading[1], present, example);
  return byCloseness([best, ...others], example);
}

/** The pattern that reads more values than any other, with a value that proves it: 25/02/2021 does not begin with a month. */
function byProof(
  best: Candidate,
  second: Candidate | undefined,
  present: unknown[],
  example: string,
): Decision<string> {
  const { pattern } = best;
  if (!second) return certain(pattern, `${example} reads as ${pattern}`);
  const reads = (one: Candidate, i: number) => !Number.isNaN(one.times[i]!);
  const proof = present.find((_, i) => reads(best, i) && !reads(second, i));
  const because = `${JSON.stringify(proof)} reads as ${pattern} and not as ${second.pattern}`;
  if (!present.some((_, i) => reads(second, i) && !reads(best, i))) return certain(pattern, because);
  return likely(pattern, because, {
    value: second.pattern,
    because: `it reads ${second.count} of ${present.length} values`,
  });
}

/** 03/04/2021: day or month first? The pattern under which neighbouring rows are closest in time is the likelier. */
function byCloseness(candidates: Candidate[], example: string): Decision<string> {
  const distances = candidates.map(({ times }) => distanceOf(times.filter((ms) => !Number.isNaN(ms))));
  const order = candidates.map((_, i) => i).sort((a, b) => distances[a]! - distances[b]!);
  const [first, second] = [order[0]!, order[1]!];
  const [best, other] = [candidates[first]!.pattern, candidates[second]!.pattern];
  const both = `${example} reads as ${best} or ${other}`;
  const instead = { value: other, because: `it reads all of these values, too` };
  if (distances[second]! > distances[first]! * CLOSER)
    return likely(best, `${both}; with the former the rows are closest in time`, instead);
  const habit = candidates.find(({ pattern }) => isHabit(pattern));
  if (habit) {
    const rest = candidates.find((one) => one !== habit)!;
    const why = habit.pattern.includes('.')
      ? 'dates with points begin with the day'
      : 'AM and PM are written in the USA';
    return likely(habit.pattern, `${example} reads as ${habit.pattern} or ${rest.pattern}; ${why}`, {
      value: rest.pattern,
      because: instead.because,
    });
  }
  return guess(best, `${both}; no row tells which`, instead);
}

/** What people who write dates this way do: points with the day first, AM and PM with the month first. */
function isHabit(pattern: string): boolean {
  return /^d{1,2}\.M{1,2}\./.test(pattern) || (/^M{1,2}\//.test(pattern) && pattern.endsWith('a'));
}

function distanceOf(times: number[]): number {
  return times.slice(1).reduce((sum, ms, i) => sum + Math.abs(ms - times[i]!), 0);
}

/** The patterns that the shapes of some of the values suggest. */
function patternsFor(present: unknown[]): string[] {
  const shapes = new Map<string, Shape>();
  const step = Math.max(1, Math.floor(present.length / SHAPED_MAX));
  for (let i = 0; i < present.length; i += step) {
    for (const shape of shapesOf(String(present[i]).slice(0, 100))) {
      const known = shapes.get(shape.template);
      if (!known) shapes.set(shape.template, shape);
      else {
        known.padded &&= shape.padded;
        known.seconds ||= shape.seconds;
        known.fraction ||= shape.fraction;
      }
    }
  }
  return [...new Set([...shapes.values()].map(patternOf))];
}

function candidate(pattern: string, present: unknown[]): Candidate {
  const read = timeReader(pattern, 'UTC');
  const times = present.map(read);
  return { pattern, times, count: times.filter((ms) => !Number.isNaN(ms)).length };
}

/** Whether most times lie in years that somebody may have written down. */
function isPlausible(times: number[]): boolean {
  const read = times.filter((ms) => !Number.isNaN(ms));
  return read.filter((ms) => ms >= YEARS.fromMs && ms < YEARS.toMs).length > read.length / 2;
}

/** A decision is a guess where the middle one of the times does not lie in our days. */
function unusual(found: Decision<string>, present: unknown[]): Decision<string> {
  const times = present.map(timeReader(found.value, 'UTC')).filter((ms) => !Number.isNaN(ms));
  const middle = times.sort((a, b) => a - b)[times.length >> 1]!;
  if (middle >= OUR_DAYS.fromMs && middle < OUR_DAYS.toMs) return found;
  return guess(
    found.value,
    `${found.because}, in the year ${Number(isoTime(middle).slice(0, 4))}`,
    found.instead,
  );
}

/** Whether more than half of the values satisfy a condition: a few bad rows must not hide what the column holds. */
function mostly(values: unknown[], holds: (value: unknown) => boolean): boolean {
  return values.filter(holds).length > values.length / 2;
}
