import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadSettings } from '../../core/config.ts';
import type { Compression } from '../mcap/compression.ts';
import type { OpenOptions } from '../recording.ts';

/** Options of every command that reads recordings: how to understand a file that does not say it itself. */
export interface ReadOptions {
  channel?: string;
  format?: string;
  time?: string;
  timeFormat?: string;
  tz?: string;
  subject?: string;
  latitude?: string;
  longitude?: string;
  map: Map<string, string>;
  json?: boolean;
}

export function withReadOptions(command: Command): Command {
  return command
    .option('--channel <name>', 'the channel of what has none (inferred: gps, posts, or the file name)')
    .option('--format <name>', 'the format of the file (inferred from its name and look)')
    .option('--time <column>', 'the column that holds the time; several joined by + (year+month+day+hour)')
    .option('--time-format <format>', 's, ms, us, ns (epoch), iso, or a pattern such as "dd/MM/yyyy HH:mm"')
    .option('--tz <zone>', 'zone of times that name none, e.g. Europe/Berlin (UTC)')
    .option('--subject <column>', 'the column that names the subject')
    .option('--latitude <column>', 'the column that holds the latitude')
    .option('--longitude <column>', 'the column that holds the longitude')
    .addOption(
      new Option('--map <old=new>', 'give a column another name; may be repeated')
        .argParser(mapping)
        .default(new Map(), 'none'),
    )
    .option('--json', 'one JSON line instead of words');
}

/** How a file of a recording is to be packed; for the commands that write MCAP. */
export function compressionOption(): Option {
  return new Option('--compression <kind>', 'of an MCAP file: lz4 (fast to play), zstd (half the size), none')
    .choices(['lz4', 'zstd', 'none'])
    .argParser((kind): Compression => {
      if (kind === 'none') return '';
      if (kind === 'lz4' || kind === 'zstd') return kind;
      throw new InvalidArgumentError('There are lz4, zstd and none.');
    });
}

/** The options as a recording is opened with them. */
export function openOptions({ map, json: _, ...options }: ReadOptions): OpenOptions {
  const { channel, format, time, timeFormat, tz, subject, latitude, longitude } = options;
  const given = { channel, format, time, timeFormat, tz, subject, latitude, longitude };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    rename: map,
    channels: loadSettings().channels,
  };
}

function mapping(text: string, before: Map<string, string>): Map<string, string> {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('Write old=new.');
  return new Map(before).set(text.slice(0, at), text.slice(at + 1));
}
