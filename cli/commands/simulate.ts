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

/** `reprise simulate fleet|posts|quakes -o FILE`: recordings with the truth beside them. */
export default {
  name: 'simulate',
  register(program: Command) {
    program
      .command('simulate')
      .description('make a recording whose truth is known')
      .addArgument(new Argument('<kind>', 'what to make').choices(SIMULATION_KINDS))
      .requiredOption(
        '-o, --out <file>',
        'the recording: .ndjson or .csv, each also .gz; the other files go beside it',
      )
      .option('--seed <seed>', 'the same seed gives the same bytes')
      .addOption(new Option('--vehicles <n>', 'fleet: how many').argParser(positive))
      .addOption(new Option('--duration <seconds>', 'how long the recording is').argParser(positive))
      .addOption(
        new Option('--interval <seconds>', 'fleet: between two fixes of a vehicle').argParser(positive),
      )
      .addOption(
        new Option('--per-minute <n>', 'posts: how many a minute, outside the bursts').argParser(positive),
      )
      .option('--start <time>', 'when it begins, ISO 8601')
      .option('--json', 'a JSON line instead of words')
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
