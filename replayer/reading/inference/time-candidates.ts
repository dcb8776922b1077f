import type { Data } from '../../../core/wire/event.ts';
import { certain, guess, likely, type Decision } from '../../formats/support/decision.ts';
import { OUR_DAYS } from '../../formats/support/times/calendar.ts';
import { guessTimeFormat } from '../../formats/support/times/guess.ts';
import { timeReader } from '../../formats/support/times/reader.ts';
import { memberReader } from './member-path.ts';
import { timeName, type TimeName } from './time-names.ts';

/** A column whose values read as times. */
export interface TimeCandidate extends TimeName {
  path: string;
  format: Decision<string>;
  /** Lower is likelier. */
  rank: number;
  /** Epoch ms of each row that has one, NaN of the others. */
  timesMs: number[];
  /** Whether two rows have different times. */
  moves: boolean;
}

/** A column of an unknown name is a time only where its texts look like dates: a number is not evidence. */
const WRITTEN = /\d[-/:. ]\w|\d{8}T\d/;
/** What a table calls columns that it does not name. */
export const NAMELESS = /^column_\d+$/;
/** How many values tell whether a column of an unknown name is looked at. */
const LOOKED_AT = 20;

/** The columns whose values read as times. Those of unknown names only where no other does. */
export function timeCandidates(sample: readonly Data[], paths: readonly string[]): TimeCandidate[] {
  const named = paths.map((path) => ({ path, ...timeName(path) }));
  const known = named.filter(({ tier }) => tier < 3).flatMap((name) => candidate(sample, name));
  if (known.length > 0) return known;
  return named.filter(({ tier }) => tier >= 3).flatMap((name) => candidate(sample, name));
}

function candidate(sample: readonly Data[], name: TimeName & { path: string }): TimeCandidate[] {
  const { path, tier, unit } = name;
  const values = sample.map(memberReader(path));
  const present = values.filter(
    (value) => typeof value === 'number' || (typeof value === 'string' && value !== ''),
  );
  if (present.length === 0) return [];
  const isWritten = (value: unknown) => typeof value === 'string' && WRITTEN.test(value);
  const isNameless = NAMELESS.test(path);
  if (tier >= 3 && !isNameless && !present.slice(0, LOOKED_AT).some(isWritten)) return [];
  const format = guessTimeFormat(present, unit);
  if (!format) return [];
  const timesMs = values.map(timeReader(format.value, 'UTC'));
  const read = timesMs.filter((ms) => !Number.isNaN(ms));
  // In a table without names numbers are a time only where all of them are times of our days.
  const areOurs = read.every((ms) => ms >= OUR_DAYS.fromMs && ms < OUR_DAYS.toMs);
  if (isNameless && !areOurs && !present.slice(0, LOOKED_AT).every(isWritten)) return [];
  const ours = read.filter((ms) => ms >= OUR_DAYS.fromMs && ms < OUR_DAYS.toMs).length;
  const depth = path.split('.').filter((step) => !step.startsWith('$')).length - 1;
  const rank = tier + depth + (ours > read.length / 2 ? 0 : 2) + (present.length > sample.length / 2 ? 0 : 2);
  return [{ ...name, format, rank, timesMs, moves: read.some((ms) => ms !== read[0]) }];
}

/** The candidate that is most likely the time of its rows, with the decision for it; null for none. */
export function bestTime(
  candidates: readonly TimeCandidate[],
): (TimeCandidate & { decision: Decision<string> }) | null {
  const anyMoves = candidates.some(({ moves }) => moves);
  const [best, ...others] = [...candidates].sort(
    (a, b) => Number(b.moves) - Number(a.moves) || a.rank - b.rank || a.order - b.order,
  );
  if (!best) return null;
  // A column with the same times in another notation is not another reading.
  const other = others.find(({ timesMs }) =>
    timesMs.some((ms, i) => ms !== best.timesMs[i] && !Number.isNaN(ms)),
  );
  const { because } = best.format;
  if (!other) return { ...best, decision: (NAMELESS.test(best.path) ? guess : certain)(best.path, because) };
  const instead = { value: other.path, because: other.format.because };
  if (anyMoves && !other.moves)
    return {
      ...best,
      decision: likely(
        best.path,
        `its values move on, while those of ${other.path} are all the same`,
        instead,
      ),
    };
  const isTie = other.rank === best.rank && other.order === best.order;
  return {
    ...best,
    decision: isTie
      ? guess(best.path, `${because}, as ${other.path} does`, instead)
      : likely(best.path, `${because}; its name is likelier than ${other.path}`, instead),
  };
}
