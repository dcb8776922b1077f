import { InvalidArgumentError, Option, type Command } from 'commander';
import type { OutlierPolicy } from '../../replayer/reading/order/outliers.ts';
import type { OpenOptions } from '../../replayer/reading/open-options.ts';

/** The flags that say how to understand a recording that does not say it itself. */
export interface ReadingFlags {
  channel?: string;
  format?: string;
  encoding?: string;
  time?: string;
  timeFormat?: string;
  tz?: string;
  every?: string;
  subject?: string;
  latitude?: string;
  longitude?: string;
  delimiter?: string;
  header?: boolean;
  columns?: string[];
  comment?: string;
  skipLines?: number;
  unitsRow?: boolean;
  decimal?: '.' | ',';
  rows?: string[];
  strict?: boolean;
  reorder?: string;
  outliers?: OutlierPolicy;
  filter?: string;
  sample?: string;
  map: Map<string, string>;
}

/** Adds them to a command. */
export function withReadingFlags(command: Command): Command {
  return command
    .option(
      '--channel <name>',
      'channel for a recording that names none (inferred by default: gps, posts, or the file name)',
    )
    .option('--format <name>', 'format: csv, ndjson, json, ... (default: inferred from name and content)')
    .option('--encoding <name>', 'encoding of the text, e.g. windows-1252 (default: told by the bytes)')
    .option(
      '--time <column>',
      'column with the time, or a path, e.g. vehicle.timestamp; join several with +, e.g. year+month+day+hour',
    )
    .option(
      '--time-format <format>',
      's, ms, us or ns (since 1970), iso, excel (day numbers), or a pattern, e.g. "dd/MM/yyyy HH:mm"',
    )
    .option('--tz <zone>', 'time zone for times that name none, e.g. Europe/Berlin (default: UTC)')
    .option(
      '--every <span>',
      'for rows without a time: give each a time this much later, e.g. 100ms, from 1970 on',
    )
    .option('--subject <column>', 'column that names the subject, or a path, e.g. user.screen_name')
    .option('--latitude <column>', 'column with the latitude, or a path, e.g. location.coordinates.1')
    .option('--longitude <column>', 'column with the longitude, or a path, e.g. location.coordinates.0')
    .addOption(
      new Option('--delimiter <text>', 'CSV: text between cells, or "tab" (default: inferred)').argParser(
        delimiter,
      ),
    )
    .option('--header', 'CSV: the first row names the columns (default: inferred)')
    .option('--no-header', 'CSV: the first row is data; the columns are column_1, column_2, ...')
    .addOption(
      new Option('--columns <a,b,c>', 'CSV: names of the columns; they replace a header').argParser(names),
    )
    .option('--comment <text>', 'CSV: skip lines that begin with this, e.g. "#"')
    .addOption(
      new Option(
        '--skip-lines <n>',
        'CSV: lines of titles before the header or the first row (default: inferred)',
      ).argParser(lineCount),
    )
    .option('--units-row', 'CSV: the row after the header names units (default: inferred)')
    .option('--no-units-row', 'CSV: the row after the header is data')
    .addOption(
      new Option('--decimal <sign>', 'CSV: the decimal sign of numbers (default: inferred)').choices([
        '.',
        ',',
      ]),
    )
    .addOption(
      new Option(
        '--rows <a,b.c>',
        'JSON: the paths of the arrays whose elements are rows (default: those that hold times)',
      ).argParser(names),
    )
    .option('--strict', 'refuse a recording if how to read it has to be guessed')
    .option(
      '--filter <expr>',
      'keep only records for which this CEL expression is true: \'speed > 30 && user == "ann"\'',
    )
    .option('--sample <share>', 'keep only this share of the records, e.g. 10%')
    .option(
      '--reorder <span>',
      'how far back a row may lie and still be put in order, e.g. 30s (default: inferred)',
    )
    .addOption(
      new Option(
        '--outliers <policy>',
        'what to do with rows whose time is weeks away from the rows around them',
      )
        .choices(['skip', 'clamp', 'keep'])
        .default('skip'),
    )
    .addOption(
      new Option('--map <old=new>', 'rename a column; may be repeated')
        .argParser(mapping)
        .default(new Map(), 'none'),
    );
}

/** The flags as a recording is opened with them. */
export function openOptionsOf({ map, ...flags }: ReadingFlags): OpenOptions {
  const { channel, format, encoding, time, timeFormat, tz, subject, latitude, longitude } = flags;
  const {
    delimiter,
    header,
    columns,
    comment,
    skipLines,
    unitsRow,
    decimal,
    rows,
    strict,
    every,
    reorder,
    outliers,
    filter,
    sample,
  } = flags;
  const where = { channel, time, timeFormat, tz, subject, latitude, longitude };
  const table = { delimiter, header, columns, comment, skipLines, unitsRow, decimal, rows, strict };
  return { ...where, ...table, every, format, encoding, reorder, outliers, filter, sample, rename: map };
}

function delimiter(text: string): string {
  return /^(?:tab|\\t)$/i.test(text) ? '\t' : text;
}

function lineCount(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 0 to 999.');
}

function names(text: string): string[] {
  const found = text.split(',').map((name) => name.trim());
  if (found.includes('')) throw new InvalidArgumentError('Write a,b,c.');
  return found;
}

function mapping(text: string, before: Map<string, string>): Map<string, string> {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Write old=new.');
  return new Map(before).set(text.slice(0, at), text.slice(at + 1));
}
