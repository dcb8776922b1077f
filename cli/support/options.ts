import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadSettings } from '../../core/settings/settings.ts';
import type { Compression } from '../../replayer/mcap/compression/compression.ts';
import { openOptionsOf, withReadingFlags, type ReadingFlags } from './reading-options.ts';
import type { OpenOptions } from '../../replayer/reading/open-options.ts';

/** Options of every command that reads recordings: how to understand a file that does not say it itself. */
export interface ReadOptions extends ReadingFlags {
  json?: boolean;
}

export function withReadOptions(command: Command): Command {
  return withReadingFlags(command).option('--json', 'print one JSON line instead of text');
}

/** How a file of a recording is to be packed; for the commands that write MCAP. */
export function compressionOption(): Option {
  return new Option('--compression <kind>', 'for MCAP: lz4 (fast to play), zstd (half the size), or none')
    .choices(['lz4', 'zstd', 'none'])
    .argParser((kind): Compression => {
      if (kind === 'none') return '';
      if (kind === 'lz4' || kind === 'zstd') return kind;
      throw new InvalidArgumentError('There are lz4, zstd and none.');
    });
}

/** Whether a file of a recording gets what Foxglove draws; for the commands that write MCAP. */
export function foxgloveOption(): Option {
  return new Option('--foxglove', 'for MCAP: add messages that Foxglove draws, of places and texts');
}

/** The options as a recording is opened with them. */
export function openOptions(options: ReadOptions): OpenOptions {
  return { ...openOptionsOf(options), channels: loadSettings().channels };
}
