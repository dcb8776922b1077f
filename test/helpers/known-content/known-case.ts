import type { OpenOptions } from '../../../replayer/reading/open-options.ts';
import type { KnownValue } from './table.ts';

/** A value that a played record has to have. Plain data, so that it can be kept. */
export interface ExpectedValue {
  /** How the form writes it. */
  written: KnownValue;
  /** Whether the form does not tell text from numbers: then a number with the same digits will do. */
  untyped?: boolean;
  /** Whether it may be absent, because its text means none where nothing shows that its column holds text. */
  maybeNone?: boolean;
  /** Whether it may be a member, but need not. */
  optional?: boolean;
}

/** A record that has to be played. */
export interface ExpectedRecord {
  timeUs: number;
  subject: string;
  channel: string;
  values: { [name: string]: ExpectedValue };
}

/** A file of known content. Plain data, so that it can be kept. */
export interface KnownCase {
  format: string;
  /** How it is written, in words. */
  how: string;
  /** The name of the file. */
  name: string;
  /** Its bytes in base64. */
  base64: string;
  /** The options that a user gives. */
  options: Pick<
    OpenOptions,
    'tz' | 'timeFormat' | 'subject' | 'encoding' | 'columns' | 'delimiter' | 'decimal' | 'format' | 'header'
  >;
  expected: ExpectedRecord[];
}
