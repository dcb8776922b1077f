import { InvalidArgumentError, Option, type Command } from 'commander';
import type { OutlierPolicy } from './outliers.ts';
import type { OpenOptions } from './text-recording.ts';

/** The flags that say how to understand a recording that does not say it itself. */
export interface ReadingFlags {
  channel?: string;
  format?: string;
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
  reorder?: string;
  outliers?: OutlierPolicy;
  filter?: string;
  sample?: string;
  map: Map<string, string>;
}

/** Adds them to a command. */
export function withReadingFlags(command: Command): Command {
  return command
    .option('--channel <name>', 'the channel of what has none (inferred: gps, posts, or the file name)')
    .option('--format <name>', 'csv, ndjson, json, ... (inferred from the name and the beginning)')
    .option('--time <column>', 'the column that holds the time; several joined by + (year+month+day+hour)')
    .option(
      '--time-format <format>',
      's, ms, us, ns (epoch), iso, excel (day numbers), or a pattern such as "dd/MM/yyyy HH:mm"',
    )
    .option('--tz <zone>', 'zone of times that name none, e.g. Europe/Berlin (UTC)')
    .option('--every <span>', 'give rows that hold no time one: so far apart, e.g. 100ms, from 1970 on')
    .option('--subject <column>', 'the column that names the subject')
    .option('--latitude <column>', 'the column that holds the latitude')
    .option('--longitude <column>', 'the column that holds the longitude')
    .addOption(
      new Option('--delimiter <text>', 'CSV: what is between cells, or "tab" (inferred)').argParser(
        delimiter,
      ),
    )
    .option('--header', 'CSV: the first row names the columns (inferred)')
    .option('--no-header', 'CSV: it does not: they are column_1, column_2, ...')
    .addOption(
      new Option('--columns <a,b,c>', "CSV: the columns' names, also instead of a header's").argParser(names),
    )
    .option('--comment <text>', 'CSV: leave out lines that begin with this, e.g. "#"')
    .option('--filter <expr>', 'only records for which this is true, in CEL: \'speed > 30 && user == "ann"\'')
    .option('--sample <share>', 'only this share of the records, e.g. 10%')
    .option('--reorder <span>', 'put rows in order that lie back so far, e.g. 30s (inferred)')
    .addOption(
      new Option('--outliers <policy>', 'rows weeks away from those around them')
        .choices(['skip', 'clamp', 'keep'])
        .default('skip'),
    )
    .addOption(
      new Option('--map <old=new>', 'give a column another name; may be repeated')
        .argParser(mapping)
        .default(new Map(), 'none'),
    );
}

/** The flags as a recording is opened with them. */
export function openOptionsOf({ map, ...flags }: ReadingFlags): OpenOptions {
  const { channel, format, time, timeFormat, tz, subject, latitude, longitude } = flags;
  const { delimiter, header, columns, comment, every, reorder, outliers, filter, sample } = flags;
  const where = { channel, time, timeFormat, tz, subject, latitude, longitude };
  const table = { delimiter, header, columns, comment };
  return { ...where, ...table, every, format, reorder, outliers, filter, sample, rename: map };
}

function delimiter(text: string): string {
  return /^(?:tab|\\t)$/i.test(text) ? '\t' : text;
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
