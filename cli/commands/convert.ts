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

/** `reprise convert IN OUT`: writes a recording in another format, sorted, checked, indexed and packed. */
export default {
  name: 'convert',
  register(program: Command) {
    withReadOptions(
      program
        .command('convert')
        .description('write a recording in another format: sorted, checked, indexed and compressed')
        .argument('<in>', 'a recording in any format, packed or in an archive; - is standard input')
        .argument(
          '<out>',
          'file to write: .mcap, .ndjson, .csv, .geojson, .gpx, .kml or .parquet; text also as .gz',
        )
        .addOption(compressionOption())
        .addOption(foxgloveOption()),
    ).action(run);
  },
};

async function run(input: string, out: string, options: Options): Promise<void> {
  const { compression, foxglove } = options;
  tell(
    await convert({ inputs: [input], out, compression, foxglove, options: openOptions(options) }),
    options.json ?? false,
  );
}
