import type { Data } from '../../../core/wire/event.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { certain, given as asGiven, guess, likely, type Decision } from '../../formats/support/decision.ts';
import { guessTimeFormat } from '../../formats/support/times/guess.ts';
import { timeReader } from '../../formats/support/times/reader.ts';
import { memberReader } from './member-path.ts';
import { clockColumns, clockWidth, joinedTime, partColumns, PARTS } from './time-parts.ts';
import { bestTime, timeCandidates } from './time-candidates.ts';
import { timeName } from './time-names.ts';

const FORMATS = 's, ms, us, ns, iso, excel, or a pattern such as dd/MM/yyyy HH:mm';

/** Where the time of a row is, and how it is written. */
export interface TimeDecision {
  /** The column, or several joined by +. */
  time: Decision<string>;
  timeFormat: Decision<string>;
}

/**
 * Where rows have their time: as given, else in the most likely of these columns or paths.
 * @throws refusal `time_column_unknown` or `time_format_unknown`; `hint` begins its hint
 */
export function decideTime(
  file: string,
  sample: readonly Data[],
  paths: readonly string[],
  given: { time?: string | undefined; timeFormat?: string | undefined },
  hint: string,
): TimeDecision {
  if (given.time !== undefined) {
    const timeFormat =
      given.timeFormat === undefined ? formatOf(file, sample, given.time) : asGiven(given.timeFormat);
    return { time: asGiven(given.time), timeFormat };
  }
  if (given.timeFormat !== undefined)
    return {
      time: columnRead(file, sample, paths, given.timeFormat, hint),
      timeFormat: asGiven(given.timeFormat),
    };
  const best = bestTime(timeCandidates(sample, paths));
  const parts = partColumns(sample, paths);
  if (parts && !(best && best.tier < 3)) {
    const time = certain(parts.join('+'), 'year, month and day have a column each');
    return { time, timeFormat: formatOf(file, sample, time.value) };
  }
  if (!best) throw timeless(file, sample, paths, hint);
  const clock = clockColumns(sample, paths, best.path);
  if (!clock) return { time: best.decision, timeFormat: best.format };
  const time = likely(
    [best.path, ...clock].join('+'),
    `${best.path} holds dates, ${clock.join(' and ')} times of day`,
  );
  return { time, timeFormat: formatOf(file, sample, time.value) };
}

/** The format of the times in these columns. @throws refusal `time_format_unknown` */
function formatOf(file: string, sample: readonly Data[], columns: string): Decision<string> {
  const paths = columns.split('+');
  const readers = paths.map(memberReader);
  const rows = sample.map((row) => readers.map((read) => read(row)));
  const areParts = (values: unknown[]) => Number(values[0]) < 10_000 && values.every(isNumber);
  if (paths.length > 2 && rows.filter(areParts).length > rows.length / 2)
    return certain(PARTS, 'year, month, day, hour, minute and second have a column each');
  const width = paths.length === 2 ? clockWidth(sample, paths[1]!) : 0;
  const digits = width === 6 ? ' HHmmss' : width === 4 ? ' HHmm' : '';
  const found = guessTimeFormat(
    rows.map((values) => joinedTime(values, digits)),
    timeName(paths[0]!).unit,
  );
  // Only a pattern says how many digits the time of day has.
  if (found?.value === 'iso' && width > 0)
    return { ...found, value: `${String(rows[0]![0]).includes('-') ? 'yyyy-MM-dd' : 'yyyyMMdd'}${digits}` };
  if (found) return found;
  const example = JSON.stringify(rows.map((values) => joinedTime(values)).find(Boolean)) ?? 'nothing';
  throw refusal(
    'time_format_unknown',
    `The times in column "${columns}" of ${file} can't be read: ${example.slice(0, 80)}.`,
    { hint: `Give --time-format: ${FORMATS}.` },
  );
}

function isNumber(value: unknown): boolean {
  return value === undefined || value === null || !Number.isNaN(Number(value));
}

/** The column of whose values a given format reads most. @throws refusal `time_column_unknown` */
function columnRead(
  file: string,
  sample: readonly Data[],
  paths: readonly string[],
  format: string,
  hint: string,
): Decision<string> {
  const read = timeReader(format, 'UTC');
  const found = paths
    .map((path) => {
      const values = sample.map(memberReader(path)).filter((value) => value !== undefined && value !== null);
      const count = values.filter((value) => !Number.isNaN(read(value))).length;
      return { path, count, isMost: count > values.length / 2, ...timeName(path) };
    })
    .filter(({ count, isMost }) => count > 0 && isMost)
    .sort((a, b) => b.count - a.count || a.tier - b.tier || a.order - b.order);
  const [best, other] = found;
  if (!best)
    throw refusal('time_column_unknown', `No column of ${file} holds a time that ${format} reads.`, {
      hint: `${hint} Name it with --time COLUMN, or give another --time-format: ${FORMATS}.`,
    });
  const because = `${format} reads ${best.count} of its ${sample.length} values`;
  if (!other) return certain(best.path, because);
  const instead = { value: other.path, because: `${format} reads ${other.count} of its values` };
  const isTie = other.count === best.count && other.tier === best.tier && other.order === best.order;
  return isTie ? guess(best.path, because, instead) : likely(best.path, because, instead);
}

function timeless(file: string, sample: readonly Data[], paths: readonly string[], hint: string): Error {
  const clock = clockColumns(sample, paths, null)?.[0];
  if (clock !== undefined)
    return refusal('time_column_unknown', `Column "${clock}" of ${file} holds times of day without a date.`, {
      hint: `${hint} If another column has the date, join them: --time DATE+${clock}. Otherwise play a row every so often with --every 1s. Over REST these are the options time and every.`,
    });
  return refusal('time_column_unknown', `No column of ${file} holds a time that can be read.`, {
    hint: `${hint} Name it with --time COLUMN, and its format with --time-format (${FORMATS}). If there is none, play a row every so often with --every 100ms. Over REST these are the options time, timeFormat and every.`,
  });
}
