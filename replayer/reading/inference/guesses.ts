import { refusal } from '../../../core/problems/errors.ts';
import type { Decision } from '../../formats/support/decision.ts';
import type { Interpretation } from './inference.ts';

/** The option of a recording that changes a decision; the names are those of REST. */
const OPTIONS: { [decision: string]: string } = {
  format: 'format',
  encoding: 'encoding',
  delimiter: 'delimiter',
  header: 'header',
  columns: 'columns',
  comment: 'comment',
  skipLines: 'skipLines',
  units: 'unitsRow',
  decimal: 'decimal',
  rows: 'rows',
  channel: 'channel',
  time: 'time',
  timeFormat: 'timeFormat',
  tz: 'tz',
  subject: 'subject',
  coordinates: 'latitude',
};

/** A decision about a recording, with its name and the option that changes it. */
export interface NamedDecision extends Decision<unknown> {
  name: string;
  /** Its name in REST; on the command line it is written with dashes. */
  option: string | null;
}

/** All decisions about a recording, those about the file first. */
export function decisionsOf({ layout, ...decisions }: Interpretation): NamedDecision[] {
  return Object.entries({ ...layout, ...decisions } as { [name: string]: Decision<unknown> }).map(
    ([name, decision]) => ({ name, option: OPTIONS[name] ?? null, ...decision }),
  );
}

/** The decisions that could as well be others. A user has to be told of these. */
export function guessesOf(interpretation: Interpretation): NamedDecision[] {
  return decisionsOf(interpretation).filter(({ certainty }) => certainty === 'guess');
}

/** A guess in one line, with the option that changes it. */
export function guessText({ name, value, because, instead, option }: NamedDecision): string {
  const other = instead ? ` It could be ${JSON.stringify(instead.value)}: ${instead.because}.` : '';
  const change = option === null ? '' : ` ${flagOf(option)} changes it.`;
  return `${name} ${JSON.stringify(value)} is a guess: ${because}.${other}${change}`;
}

/** @throws refusal `reading_uncertain` that names every guess, if there is one */
export function refuseGuesses(file: string, interpretation: Interpretation): void {
  const guesses = guessesOf(interpretation);
  if (guesses.length === 0) return;
  const options = guesses.flatMap(({ option }) => (option === null ? [] : [flagOf(option)]));
  throw refusal(
    'reading_uncertain',
    `${file} can be read in several ways: ${guesses.map(guessText).join(' ')}`,
    { hint: `Give ${options.join(', ') || 'the options that decide it'}, or read it without --strict.` },
  );
}

/** The flag of the command line for an option of REST: `timeFormat` is `--time-format`. */
export function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
