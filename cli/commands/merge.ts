import type { Command } from 'commander';
import type { Compression } from '../../replayer/mcap/compression/compression.ts';
import { convert } from '../../replayer/files/convert.ts';
import {
  compressionOption,
  foxgloveOption,
  openOptions,
  withReadOptions,
  type ReadOptions,
} from '../support/options.ts';
import { tell } from '../support/report.ts';

interface Options extends ReadOptions {
  compression?: Compression;
  foxglove?: boolean;
}

/** `reprise merge IN... OUT`: several recordings as one, on one timeline. */
export default {
  name: 'merge',
  register(program: Command) {
    withReadOptions(
      program
        .command('merge')
        .description('write several recordings to one file, on one timeline')
        .argument('<in>', 'the first recording; - is standard input, an archive all that it holds')
        .argument('<more...>', 'the other recordings; last, the file to write, in any format of convert')
        .addOption(compressionOption())
        .addOption(foxgloveOption()),
    ).action(run);
  },
};

async function run(first: string, more: string[], options: Options): Promise<void> {
  const inputs = [first, ...more.slice(0, -1)];
  const { compression, foxglove } = options;
  tell(
    await convert({ inputs, out: more.at(-1)!, compression, foxglove, options: openOptions(options) }),
    options.json ?? false,
  );
}
