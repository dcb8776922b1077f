import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import {
  SIMULATION_KINDS,
  simulate,
  type SimulateOptions,
  type SimulationKind,
} from '../simulate/simulate.ts';

interface Options {
  out: string;
  seed?: string;
  vehicles?: number;
  duration?: number;
  interval?: number;
  perMinute?: number;
  start?: string;
  json?: boolean;
}

/** `reprise simulate fleet|posts|quakes -o FILE`: makes a recording whose truth is known, and writes the truth beside it. */
export default {
  name: 'simulate',
  register(program: Command) {
    program
      .command('simulate')
      .description('make a synthetic recording, with the right answers beside it')
      .addArgument(new Argument('<kind>', 'kind of recording').choices(SIMULATION_KINDS))
      .requiredOption(
        '-o, --out <file>',
        'file to write: .ndjson or .csv, each also as .gz; further files go beside it',
      )
      .option('--seed <seed>', 'the same seed gives the same bytes (default: 1)')
      .addOption(new Option('--vehicles <n>', 'fleet: number of vehicles (default: 24)').argParser(positive))
      .addOption(
        new Option('--duration <seconds>', 'length of the recording (default: 3600)').argParser(positive),
      )
      .addOption(
        new Option(
          '--interval <seconds>',
          'fleet: time between two fixes of a vehicle (default: 1)',
        ).argParser(positive),
      )
      .addOption(
        new Option('--per-minute <n>', 'posts: posts per minute, outside of bursts (default: 40)').argParser(
          positive,
        ),
      )
      .option('--start <time>', 'start of the recording, ISO 8601')
      .option('--json', 'print one JSON line instead of text')
      .action(run);
  },
};

async function run(kind: SimulationKind, options: Options): Promise<void> {
  const given: SimulateOptions = { out: options.out };
  if (options.seed !== undefined) given.seed = options.seed;
  if (options.vehicles !== undefined) given.vehicles = options.vehicles;
  if (options.duration !== undefined) given.durationSeconds = options.duration;
  if (options.interval !== undefined) given.intervalSeconds = options.interval;
  if (options.perMinute !== undefined) given.postsPerMinute = options.perMinute;
  if (options.start !== undefined) given.start = options.start;
  const made = await simulate(kind, given);
  const words = `${made.records.toLocaleString('en')} records; wrote ${made.files.join(', ')}.`;
  process.stdout.write(`${options.json ? JSON.stringify(made) : words}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}
