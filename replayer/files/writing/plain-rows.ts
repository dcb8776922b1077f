import { basename } from 'node:path';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { channelSpec, dataValidator } from '../../../core/wire/channels.ts';
import type { Data } from '../../../core/wire/event.ts';
import type { Config } from '../../../schemas/types.ts';
import { interpret, type Interpretation } from '../../reading/inference/inference.ts';
import { slug } from '../../reading/inference/slug.ts';
import { OutlierWatch } from '../../reading/order/outliers.ts';
import { rowMapper, type RowMapper } from '../../reading/parsing/row-mapper.ts';
import type { WrittenRow } from './event-line.ts';

/** Times are kept down to the microsecond. */
const EXACT_MS = 0.000_6;

/**
 * Holds rows against what a reader without options would make of them. Rows may be written as they are only as long as
 * it finds each row's time, subject and channel, and changes nothing; otherwise they are written as events.
 */
export class PlainRows {
  readonly #expected: Interpretation;
  readonly #map: RowMapper;
  readonly #channel: string;
  readonly #outliers = new OutlierWatch();

  private constructor(expected: Interpretation, channel: string, channels: Config['channels']) {
    this.#expected = expected;
    this.#channel = channel;
    const validate = dataValidator(channelSpec(channel, channels)) as ValidateFunction | null;
    this.#map = rowMapper(expected, '', validate);
  }

  /** Begins with a sample of the rows; null where they do not speak for themselves. `out`: the path that they get. */
  static of(out: string, sample: readonly WrittenRow[], channels: Config['channels']): PlainRows | null {
    const rows = sample.map(({ json }) => JSON.parse(json) as Data);
    const expected = interpretation(out, { sample: rows });
    const channel = sample[0]?.channel;
    if (!expected || channel === undefined || expected.channel.value !== channel) return null;
    // A file may get another name later; then its rows must still be on their channel, and about their subject.
    if (expected.subject.value === null || expected.channel.value === slug(basename(out))) return null;
    if (expected.rename.value.size > 0 || expected.lifted.value.length > 0) return null;
    return new PlainRows(expected, channel, channels);
  }

  /** Whether this row, too, would be read as it is. */
  holds({ timeMs, subject, channel, json }: WrittenRow): boolean {
    // An object that looks like an event, or has a column of ours, would be read as that.
    if (channel !== this.#channel || json.includes('"specversion"') || json.includes('"@')) return false;
    const values = JSON.parse(json) as Data;
    const record = this.#map({ line: 1, values, json });
    return (
      typeof record !== 'string' &&
      Math.abs(record.timeMs - timeMs) < EXACT_MS &&
      record.subject === subject &&
      record.data === json &&
      !this.#outliers.finds(timeMs)
    );
  }

  /** Whether the file that was written is read as was expected, with the given interpretation. */
  expects(actual: Interpretation): boolean {
    if (this.#outliers.findsAtEnd()) return false;
    const names = ['channel', 'time', 'timeFormat', 'tz', 'subject'] as const;
    return (
      names.every((name) => actual[name].value === this.#expected[name].value) &&
      actual.rename.value.size === 0 &&
      actual.lifted.value.length === 0
    );
  }
}

function interpretation(out: string, found: Parameters<typeof interpret>[1]): Interpretation | null {
  try {
    return interpret(basename(out), found, {});
  } catch {
    return null;
  }
}
