import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RepriseError } from '../../../core/problems/errors.ts';
import { guessesOf, type NamedDecision } from '../../../replayer/reading/inference/guesses.ts';
import { skippedRows } from '../../../replayer/reading/reading-notes.ts';
import { TextRecording } from '../../../replayer/reading/text-recording.ts';
import { played, type PlayedRecord } from '../played.ts';
import { jsonTokens, withoutBlanks } from './json-tokens.ts';
import type { ExpectedRecord, ExpectedValue, KnownCase } from './known-case.ts';

/**
 * What became of a file of known content: all was played as it is; what was not played was refused and counted; or what
 * differs is told as a guess. Anything else is wrong in silence.
 */
export interface Verdict {
  kind: 'equal' | 'refused' | 'guess' | 'wrong';
  /** What differs, and what was told. */
  because: string;
}

const TIME = ['time', 'timeFormat', 'tz', 'rows'];
const CELLS = [
  'delimiter',
  'header',
  'columns',
  'comment',
  'decimal',
  'encoding',
  'coordinates',
  'rows',
  'lifted',
  'text',
];
/** The decisions that a guess about each part of a record may be told with. */
const TOLD_BY: { [part: string]: readonly string[] } = {
  time: [...TIME, ...CELLS],
  subject: ['subject', ...CELLS],
  channel: ['channel', ...CELLS],
  values: CELLS,
};
const HOUR_US = 3_600_000_000;

/** Plays a file of known content, and judges what comes out. */
export async function verdictOf(known: KnownCase): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), 'known-content-'));
  try {
    const path = join(folder, known.name);
    await writeFile(path, Buffer.from(known.base64, 'base64'));
    return await judged(path, known);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function judged(path: string, { expected, options }: KnownCase): Promise<Verdict> {
  let found;
  try {
    found = await played(path, options);
  } catch (error) {
    if (error instanceof RepriseError && error.kind === 'refusal')
      return { kind: 'refused', because: `the whole file: ${error.message}` };
    throw error;
  }
  const { records, recording, refused } = found;
  const ambiguous = recording instanceof TextRecording ? recording.ambiguous : 0;
  const skipped = recording instanceof TextRecording ? skippedRows(recording) : 0;
  const { missing, extra } = unmatched(expected, records, ambiguous);
  const guesses = recording instanceof TextRecording ? guessesOf(recording.interpretation) : [];
  // Where it is a guess what a row is, there may be other rows than were written.
  const areRowsGuessed = guesses.some(({ name }) => name === 'rows');
  if (missing.length === 0 && extra.length === 0) {
    if (recording.refused === 0) return { kind: 'equal', because: '' };
    if (!areRowsGuessed) return wrong(`${recording.refused} refused beside all rows`, refused[0]);
    return told(missing, extra, guesses);
  }
  const counted = recording.refused + skipped;
  if (extra.length === 0) {
    const why = refused[0]?.reason ?? 'skipped';
    return missing.length <= counted
      ? { kind: 'refused', because: why }
      : wrong(`${missing.length} rows are missing and ${counted} are counted`, missing[0], refused[0]);
  }
  if (records.length + counted < expected.length && !areRowsGuessed)
    return wrong(
      `${expected.length} rows, ${records.length} played, ${counted} counted`,
      missing[0],
      extra[0],
    );
  return told(missing, extra, guesses);
}

function told(missing: ExpectedRecord[], extra: PlayedRecord[], guesses: NamedDecision[]): Verdict {
  const names = guesses.map(({ name }) => name);
  for (const record of extra) {
    const isTold = (part: string) => TOLD_BY[part]!.some((name) => names.includes(name));
    const parts = missing.map((wanted) => differences(wanted, record));
    if (parts.some((differing) => differing.every(isTold))) continue;
    const [closest = Object.keys(TOLD_BY)] = parts.sort((a, b) => a.length - b.length);
    return wrong(`${closest.join(', ')} of a record differ`, missing[0], record, names);
  }
  return { kind: 'guess', because: `guesses told: ${names.join(', ')}` };
}

function wrong(what: string, ...details: unknown[]): Verdict {
  return { kind: 'wrong', because: [what, ...details.map((each) => JSON.stringify(each))].join('\n') };
}

/** The records that have no counterpart among the others. A time of an hour that comes twice may be that of the first. */
function unmatched(expected: ExpectedRecord[], records: PlayedRecord[], ambiguous: number) {
  let spare = ambiguous;
  const extra = [...records];
  const missing = expected.filter((wanted) => {
    let at = extra.findIndex((record) => differences(wanted, record).length === 0);
    if (at === -1 && spare > 0) {
      const earlier = { ...wanted, timeUs: wanted.timeUs - HOUR_US };
      at = extra.findIndex((record) => differences(earlier, record).length === 0);
      if (at !== -1) spare--;
    }
    if (at !== -1) extra.splice(at, 1);
    return at === -1;
  });
  return { missing, extra };
}

/** The parts of a record that are not as they are expected. */
function differences(wanted: ExpectedRecord, record: PlayedRecord): string[] {
  const parts: string[] = [];
  if (Math.round(record.timeMs * 1000) !== wanted.timeUs) parts.push('time');
  if (record.subject !== wanted.subject) parts.push('subject');
  if (record.channel !== wanted.channel) parts.push('channel');
  const members = jsonTokens(record.json);
  const names = new Set([...members.keys(), ...Object.keys(wanted.values)]);
  const differs = [...names].some((name) => {
    const value = Object.hasOwn(wanted.values, name) ? wanted.values[name]! : undefined;
    return value === undefined || !holds(value, members.get(name));
  });
  return differs ? [...parts, 'values'] : parts;
}

/** Whether a member that was played, as JSON writes it, is a known value. */
function holds({ written, untyped, maybeNone, optional }: ExpectedValue, token: string | undefined): boolean {
  const { kind, text } = written;
  if (token === undefined || token === 'null')
    return kind === 'none' || text === '' || text === 'null' || maybeNone === true || optional === true;
  if (kind === 'none') return false;
  const value = JSON.parse(token) as unknown;
  if (kind === 'text')
    return value === text || (untyped === true && (token === text || isSameNumber(token, text)));
  if (token === withoutBlanks(text)) return true;
  // Integers that a double can't hold may be texts, so that they keep their digits.
  if (kind === 'number' && /^-?\d{16,}$/.test(text) && value === text) return true;
  // Other digits are the same number where a double holds all of them.
  if (kind === 'number') return value === Number(text) && text.replace(/\D/g, '').length <= 15;
  return !/\d{15}|e\d/.test(text) && isDeepStrictEqual(value, JSON.parse(text));
}

/** Whether a number has the digits of a text that could be one: 1.234,5 may be 1234.5. */
function isSameNumber(token: string, text: string): boolean {
  const digits = (number: string) => number.replace(/\D/g, '');
  return /^[+-]?\d[\d., ]*\d$/.test(text) && digits(token) === digits(text);
}
