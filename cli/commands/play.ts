import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Settings } from '../../core/settings/settings.ts';
import { createLog } from '../../core/logging/log.ts';
import { connect } from '../../core/redis/connection.ts';
import { Responder } from '../../core/redis/requests.ts';
import type { Rate } from '../../schemas/types.ts';
import { packings } from '../../replayer/reading/packing/packings.ts';
import { formats } from '../../replayer/reading/formats.ts';
import { ReplayHost } from '../../replayer/hosting/host.ts';
import { isFile } from '../../replayer/reading/source/open-source.ts';
import { dryRun } from '../support/dry-run.ts';
import { checkPipes, requestOf, sourceOf, type PlayOptions } from '../support/play-options.ts';
import { nameRefused, reportReplay } from '../support/play-report.ts';
import { namespaceOption, redisOption, redisSettings } from '../support/redis-options.ts';
import { withReadingFlags } from '../support/reading-options.ts';
import { KEYS_HELP, steer, watch } from '../support/terminal.ts';

const PACKED = packings.map(({ endings }) => endings[0]).join(' ');
const FORMATS = formats.flatMap(({ endings }) => endings.slice(0, 1)).join(' ');

/** `reprise play FILE...`: replays files onto Redis from this process, until their end. */
export default {
  name: 'play',
  register(program: Command) {
    withReadingFlags(
      program
        .command('play')
        .description('replay recordings onto Redis')
        .argument(
          '<file...>',
          `${FORMATS}, also packed (${PACKED}) or in a .zip or .tar; - is standard input, redis:<key> a stream`,
        ),
    )
      .addOption(
        new Option('--rate <rate>', 'recorded seconds per second: 0.01 to 1000, or max')
          .argParser(rate)
          .default(1),
      )
      .option('--start <moment>', 'play from here: an ISO time, or an offset, e.g. 90s')
      .option('--end <moment>', 'play up to here')
      .addOption(new Option('--duration <span>', 'play this much, e.g. 10m').conflicts('end'))
      .addOption(new Option('--loop [n]', 'play for ever, or N times').argParser(count))
      .addOption(new Option('--ab <A..B>', 'play this range over and over, e.g. 90s..2m').conflicts('loop'))
      .option('--skip-idle <span>', 'shorten stretches without records to this, e.g. 5s')
      .addOption(
        new Option(
          '--offset <span>',
          'shift on the timeline, e.g. 10s; give it once for all files, or once for each',
        )
          .argParser((span: string, before: string[]) => [...before, span])
          .default([], 'none'),
      )
      .addOption(
        new Option(
          '--late <policy>',
          'what to do when something can not keep up: slow everything down, drop late records, or send them at once',
        ).choices(['slow', 'drop', 'burst']),
      )
      .option('--lockstep', 'wait for the analysis services after each batch')
      .addOption(
        new Option('--restamp <time>', 'give events the time at which they are sent').choices(['now']),
      )
      .option('--trace <share>', 'record the route of this share of the events through the services, e.g. 1%')
      .addOption(
        new Option(
          '--wait-for-subscribers <n>',
          'begin when each channel has this many subscribers',
        ).argParser(count),
      )
      .addOption(
        new Option(
          '--follow',
          'play on as the file grows, until Ctrl-C or --duration; also when it is replaced or cut short',
        ).conflicts(['loop', 'ab', 'dryRun']),
      )
      .option('--paused', 'start paused')
      .option('--dry-run', 'publish nothing; show what would be played, and how it was read')
      .option('--name <name>', 'name of the replay in REST and on the page')
      .addOption(redisOption('play onto'))
      .addOption(namespaceOption())
      .option('--json', 'print one JSON line at the end instead of text')
      .addHelpText('after', `\nKeys: ${KEYS_HELP}.`)
      .action(play);
  },
};

async function play(files: string[], options: PlayOptions): Promise<void> {
  checkPipes(files, options);
  const settings = redisSettings(options);
  if (options.dryRun) return describeOnly(files, options, settings);
  const redis = await connect(settings, 'play');
  const instance = `play-${process.pid}`;
  const log = createLog('play', 'silent');
  const host = new ReplayHost({
    redis,
    instance,
    channels: settings.channels,
    folder: settings.recordings,
    log,
  });
  const responder = new Responder(redis, [`replayer:${instance}`], host.verbs);
  const ended = new AbortController();
  try {
    const sources = files.map((file, i) => sourceOf(file, options, redis, i, ended.signal));
    const replay = await host.start(requestOf(files, options), sources, false);
    if (files.includes('-') && !options.json)
      process.stderr.write(
        'stdin is read once, onwards: in order within 30 s of its time; no seek, no loop.\n',
      );
    if (options.follow && !options.json)
      process.stderr.write('The file is read once, onwards, and followed until Ctrl-C: no seek, no loop.\n');
    if (!options.json)
      for (const guess of replay.document().guesses ?? []) process.stderr.write(`${guess}\n`);
    const stopWatching = watch(replay, options.json ?? false);
    const stop = () => replay.stop();
    const stopSteering = steer(replay, stop);
    process.once('SIGINT', stop).once('SIGTERM', stop);
    try {
      await host.finished(replay.id);
    } finally {
      stopWatching();
      stopSteering();
    }
    const document = replay.document();
    reportReplay(document, options.json ?? false);
    const { counts } = document;
    if (counts.refused > 0 && !options.json) await nameRefused(redis, replay.id, counts.refused);
    if (counts.refused + counts.late > 0) process.exitCode = 3;
  } finally {
    ended.abort();
    // A command that was stopped does not wait for the rest of its input.
    if (files.includes('-')) process.stdin.destroy();
    responder.close();
    await host.close();
    redis.disconnect();
  }
}

async function describeOnly(files: string[], options: PlayOptions, settings: Settings): Promise<void> {
  // Describing a file needs no Redis.
  const redis = files.some((file) => !isFile(file) && file !== '-') ? await connect(settings, 'play') : null;
  const sources = files.map((file, i) => sourceOf(file, options, redis, i));
  await dryRun(sources, settings.channels, options.json ?? false).finally(() => redis?.disconnect());
}

function rate(text: string): Rate {
  if (text === 'max') return 'max';
  const value = Number(text);
  if (!(value >= 0.01 && value <= 1000))
    throw new InvalidArgumentError('It is a number from 0.01 to 1000, or max.');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It is a whole number from 1.');
  return value;
}
