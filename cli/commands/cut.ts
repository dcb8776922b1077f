import type { Command } from 'commander';
import type { Compression } from '../../replayer/mcap/format/compression.ts';
import { convert } from '../../replayer/files/convert.ts';
import { compressionOption, openOptions, withReadOptions, type ReadOptions } from '../support/options.ts';
import { tell } from '../support/report.ts';

interface Options extends ReadOptions {
  start?: string;
  end?: string;
  compression?: Compression;
}

/** `reprise cut IN OUT --start --end`: a stretch of a recording. */
export default {
  name: 'cut',
  register(program: Command) {
    withReadOptions(
      program
        .command('cut')
        .description('write a stretch of a recording')
        .argument('<in>', 'a recording in any format')
        .argument('<out>', '.mcap, .ndjson or .csv; text also .gz')
        .option('--start <moment>', 'from here on: an ISO time, or an offset from the start such as 90s')
        .option('--end <moment>', 'up to and with here')
        .addOption(compressionOption()),
    ).action(run);
  },
};

async function run(input: string, out: string, options: Options): Promise<void> {
  const { start, end, compression } = options;
  const request = { inputs: [input], out, start, end, compression, options: openOptions(options) };
  tell(await convert(request), options.json ?? false);
}
