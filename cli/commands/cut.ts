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
  start?: string;
  end?: string;
  compression?: Compression;
  foxglove?: boolean;
}

/** `reprise cut IN OUT --start --end`: writes a part of a recording. */
export default {
  name: 'cut',
  register(program: Command) {
    withReadOptions(
      program
        .command('cut')
        .description('write a part of a recording to a file')
        .argument('<in>', 'a recording in any format, packed or in an archive; - is standard input')
        .argument(
          '<out>',
          'file to write: .mcap, .ndjson, .csv, .geojson, .gpx, .kml or .parquet; text also as .gz',
        )
        .option(
          '--start <moment>',
          'first moment to keep: an ISO time, or an offset from the start, e.g. 90s',
        )
        .option('--end <moment>', 'last moment to keep')
        .addOption(compressionOption())
        .addOption(foxgloveOption()),
    ).action(run);
  },
};

async function run(input: string, out: string, options: Options): Promise<void> {
  const { start, end, compression, foxglove } = options;
  const request = { inputs: [input], out, start, end, compression, foxglove, options: openOptions(options) };
  tell(await convert(request), options.json ?? false);
}
