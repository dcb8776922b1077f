import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Data, TimedRecord } from '../../../core/wire/event.ts';
import { explain } from '../../../schemas/index.ts';
import type { Row } from '../../formats/support/format.ts';
import { OWN_TIME, type Interpretation } from '../inference/inference.ts';
import { joinedTime, PARTS } from '../inference/time-columns.ts';
import { timeReader } from '../../formats/support/times.ts';

/** Times outside the years 1 to 9999, which ISO 8601 can write, are refused. */
const EARLIEST_MS = -62_135_596_800_000;
const LATEST_MS = 253_402_300_799_999;

/** Turns a row into a record, or returns a sentence saying why it can't be played. */
export type RowMapper = (row: Row) => TimedRecord | string;

/** Makes the mapper of one recording: it finds time and subject, and checks the data against the channel's schema. */
export function rowMapper(
  interpretation: Interpretation,
  defaultSubject: string,
  validate: ValidateFunction | null,
): RowMapper {
  const hasOwnTime = interpretation.time.value === OWN_TIME;
  const timeOf = hasOwnTime ? () => NaN : timeMapper(interpretation);
  const renamed = (column: string) => interpretation.rename.value.get(column) ?? column;
  const subjectColumn = interpretation.subject.value === null ? null : renamed(interpretation.subject.value);
  return (row) => {
    if (row.values === null) return row.problem ?? 'The row can not be read.';
    const timeMs = hasOwnTime ? (row.timeMs ?? NaN) : timeOf(row.values);
    if (!(timeMs >= EARLIEST_MS && timeMs <= LATEST_MS)) return timeProblem(interpretation, row.values);
    let subject = row.subject ?? defaultSubject;
    if (subjectColumn !== null) {
      const value = row.values[subjectColumn];
      if (typeof value !== 'string' && typeof value !== 'number')
        return `No subject: "${subjectColumn}" is ${value === undefined ? 'empty' : JSON.stringify(value)}.`;
      subject = String(value);
    }
    if (validate && !validate(row.values))
      return `Not what channel "${interpretation.channel.value}" carries: ${explain(validate.errors, row.values)}.`;
    return { timeMs, subject, data: row.json ?? JSON.stringify(row.values) };
  };
}

function timeMapper({ time, timeFormat, tz, rename }: Interpretation): (values: Data) => number {
  const columns = time.value.split('+').map((column) => rename.value.get(column) ?? column);
  if (timeFormat.value !== PARTS) {
    const read = timeReader(timeFormat.value, tz.value);
    if (columns.length === 1) return (values) => read(values[columns[0]!]);
    return (values) => read(joinedTime(columns.map((column) => values[column])));
  }
  const read = timeReader('yyyy-M-d-H-m-s', tz.value);
  return (values) => {
    const [year, month, day, hour = 0, minute = 0, second = 0] = columns.map((column) => values[column]);
    const whole = Math.floor(Number(second));
    return (
      read([year, month, day, hour, minute, whole].join('-')) + Math.round((Number(second) - whole) * 1000)
    );
  };
}

function timeProblem({ time, timeFormat, rename }: Interpretation, values: Data): string {
  const found = time.value
    .split('+')
    .map((column) => JSON.stringify(values[rename.value.get(column) ?? column]) ?? 'nothing');
  return `No time: "${time.value}" holds ${found.join(', ').slice(0, 80)}, expected ${timeFormat.value}.`;
}
