import type { ValidateFunction } from 'ajv/dist/2020.js';
import { isTooDeep, TOO_DEEP } from '../../../core/wire/json-depth.ts';
import type { Data, TimedRecord } from '../../../core/wire/event.ts';
import { explain } from '../../../schemas/index.ts';
import { isEvent, type Row } from '../../formats/support/format.ts';
import { OWN_TIME, type Interpretation } from '../inference/inference.ts';
import { joinedTime, PARTS } from '../inference/time-parts.ts';
import { memberReader } from '../inference/member-path.ts';
import { Lifter } from '../inference/lifted-members.ts';
import { mended, withoutSentinels } from './repair.ts';
import { whyNoTime } from '../../formats/support/times/explain.ts';
import { timeReader } from '../../formats/support/times/reader.ts';

/** Times after the year 9999 can't be written in ISO 8601, and the year 1 is how .NET and others write that there is none. */
const EARLIEST_MS = -62_104_060_800_000;
const LATEST_MS = 253_402_300_799_999;

/** A record, its data before they became text, and how many values that stand for "none" it was freed of. */
export interface MappedRecord extends TimedRecord {
  values: Data;
  absent: number;
}

/** Turns a row into a record, or returns a sentence saying why it can't be played. */
export type RowMapper = (row: Row) => MappedRecord | string;

/**
 * Makes the mapper of one recording: it finds time and subject, lifts nested members, mends what differs from the
 * channel's schema by its notation only, and checks the rest against the schema.
 */
export function rowMapper(
  interpretation: Interpretation,
  defaultSubject: string,
  validate: ValidateFunction | null,
): RowMapper {
  const timeOf = timeMapper(interpretation);
  const subjectOf = subjectMapper(interpretation, defaultSubject);
  const { value: lifts } = interpretation.lifted;
  const lifter = lifts.length > 0 ? new Lifter(lifts) : null;
  return (row) => {
    let { values } = row;
    if (values === null) return row.problem ?? 'The row can not be read.';
    const timeMs = timeOf(row, values);
    if (!(timeMs >= EARLIEST_MS && timeMs <= LATEST_MS)) return timeProblem(interpretation, values);
    const subject = subjectOf(row, values);
    if (typeof subject !== 'string') return subject.problem;
    let data = row.json ?? JSON.stringify(values);
    if (isTooDeep(data)) return `Too deep: ${TOO_DEEP}.`;
    let absent = row.absent ?? 0;
    const isFinal = isEvent(row);
    if (lifter && !isFinal) ({ values, json: data } = lifter.lift(values, data));
    // A bare message is what it is: no schema holds for it.
    if (validate && !row.bare) {
      const fits = validate(values);
      let mend = null;
      if (!fits) mend = mended(values, data, validate);
      else if (!isFinal) mend = withoutSentinels(values, data);
      if (!fits && !mend) return schemaProblem(interpretation, validate, row.values!, values);
      if (mend) {
        ({ values, json: data } = mend);
        absent += mend.absent;
      }
    }
    return { timeMs, subject, data, values, absent };
  };
}

function subjectMapper(
  { subject, rename }: Interpretation,
  defaultSubject: string,
): (row: Row, values: Data) => string | { problem: string } {
  if (subject.value === null) return (row) => row.subject ?? defaultSubject;
  const column = rename.value.get(subject.value) ?? subject.value;
  const read = memberReader(column);
  return (row, values) => {
    const value = row.subjectText ?? read(values);
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
    // Events name their subject themselves; a column that only some of them have does not overrule that.
    if (row.subject !== undefined) return row.subject;
    const found = value === undefined || value === '' ? 'empty' : JSON.stringify(value);
    return { problem: `No subject: "${column}" is ${found.slice(0, 80)}.` };
  };
}

function schemaProblem(
  { channel }: Interpretation,
  validate: ValidateFunction,
  given: Data,
  values: Data,
): string {
  validate(values);
  return `Not what channel "${channel.value}" carries: ${explain(validate.errors, given)}.`;
}

/** Reads the time of a row, ms; NaN where it has none. */
export function timeMapper(interpretation: Interpretation): (row: Row, values: Data) => number {
  if (interpretation.time.value === OWN_TIME) return ({ timeMs }) => timeMs ?? NaN;
  const read = columnsReader(interpretation);
  return (_row, values) => read(values);
}

function columnsReader({ time, timeFormat, tz, rename }: Interpretation): (values: Data) => number {
  const columns = time.value.split('+').map((column) => memberReader(rename.value.get(column) ?? column));
  if (timeFormat.value !== PARTS) {
    const read = timeReader(timeFormat.value, tz.value);
    if (columns.length === 1) return (values) => read(columns[0]!(values));
    return (values) =>
      read(
        joinedTime(
          columns.map((column) => column(values)),
          timeFormat.value,
        ),
      );
  }
  const read = timeReader('yyyy-M-d-H-m-s', tz.value);
  return (values) => {
    const [year, month, day, hour = 0, minute = 0, second = 0] = columns.map((column) => column(values));
    const whole = Math.floor(Number(second));
    return (
      read([year, month, day, hour, minute, whole].join('-')) + Math.round((Number(second) - whole) * 1000)
    );
  };
}

function timeProblem({ time, timeFormat, tz, rename }: Interpretation, values: Data): string {
  const columns = time.value.split('+');
  const found = columns.map((column) => memberReader(rename.value.get(column) ?? column)(values));
  const shown = found.map((value) => JSON.stringify(value) ?? 'nothing').join(', ');
  const holds = `No time: "${time.value}" holds ${shown.slice(0, 80)}`;
  const isKnown = time.value !== OWN_TIME && timeFormat.value !== PARTS;
  const why = isKnown ? whyNoTime(joinedTime(found, timeFormat.value), timeFormat.value, tz.value) : null;
  return why === null ? `${holds}, expected ${timeFormat.value}.` : `${holds}, ${why}.`;
}
