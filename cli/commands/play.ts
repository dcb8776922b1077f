import { randomUUID } from 'node:crypto';
import { basename, resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { loadSettings, type Settings } from '../../core/settings/settings.ts';
import { refusal } from '../../core/problems/errors.ts';
import { createLog } from '../../core/logging/log.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { Responder } from '../../core/redis/requests.ts';
import { readDeadLetters } from '../../core/redis/channel-store.ts';
import type { Rate, Replay as ReplayDocument, ReplayRequest } from '../../schemas/types.ts';
import { formats } from '../../replayer/reading/formats.ts';
import { ReplayHost } from '../../replayer/hosting/host.ts';
import { isFile } from '../../replayer/reading/source/source.ts';
import { openOptionsOf, withReadingFlags, type ReadingFlags } from '../support/reading-options.ts';
import type { ReplaySource } from '../../replayer/playing/recordings.ts';
import { dryRun } from '../support/dry-run.ts';
import type { LatePolicy } from '../../replayer/playing/pacing.ts';
import { KEYS_HELP, steer, watch } from '../support/terminal.ts';

const FORMATS = formats.flatMap(({ endings }) => endings.slice(0, 1)).join(' ');
/** So many refused rows are named at the end. */
const NAMED_ROWS = 20;

interface Options extends ReadingFlags {
  rate: Rate;
  start?: string;
  end?: string;
  duration?: string;
  loop?: boolean | number;
  ab?: string;
  skipIdle?: string;
  offset: string[];
  late?: LatePolicy;
  lockstep?: boolean;
  restamp?: 'now';
  trace?: string;
  waitForSubscribers?: number;
  paused?: boolean;
  dryRun?: boolean;
  name?: string;
  redis?: string;
  json?: boolean;
}

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
          `${FORMATS}, text also as .gz and .zst; - is standard input, redis:<key> a stream`,
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
      .option('--paused', 'start paused')
      .option('--dry-run', 'publish nothing; show what would be played, and how it was read')
      .option('--name <name>', 'name of the replay in REST and on the page')
      .option('--redis <url>', 'the Redis to play onto (default: REDIS_URL)')
      .option('--json', 'print one JSON line at the end instead of text')
      .addHelpText('after', `\nKeys: ${KEYS_HELP}.`)
      .action(play);
  },
};

async function play(files: string[], options: Options): Promise<void> {
  checkPipes(files, options);
  const settings = loadSettings(options.redis ? { redisUrl: options.redis } : {});
  if (options.dryRun) return describeOnly(files, options, settings);
  const redis = await connect(settings.redisUrl, 'play');
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
  try {
    const sources = files.map((file, i) => sourceOf(file, options, redis, i));
    const replay = await host.start(requestOf(files, options), sources, false);
    if (files.includes('-') && !options.json)
      process.stderr.write(
        'stdin is read once, onwards: in order within 30 s of its time; no seek, no loop.\n',
      );
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
    const { counts } = report(replay.document(), options.json ?? false);
    if (counts.refused > 0 && !options.json) await nameRefused(redis, replay.id, counts.refused);
    if (counts.refused + counts.late > 0) process.exitCode = 3;
  } finally {
    responder.close();
    await host.close();
    redis.disconnect();
  }
}

async function describeOnly(files: string[], options: Options, settings: Settings): Promise<void> {
  // A file's description needs no Redis.
  const redis = files.some((file) => !isFile(file) && file !== '-')
    ? await connect(settings.redisUrl, 'play')
    : null;
  const sources = files.map((file, i) => sourceOf(file, options, redis, i));
  await dryRun(sources, settings.channels, options.json ?? false).finally(() => redis?.disconnect());
}

function sourceOf(file: string, options: Options, redis: Redis | null, i = 0): ReplaySource {
  return {
    ...openOptionsOf(options),
    id: nameOf(file),
    path: isFile(file) ? resolve(file) : file,
    offset: options.offset[i] ?? options.offset[0],
    ...(redis && { redis }),
  };
}

const nameOf = (file: string) => (isFile(file) ? basename(file) : file === '-' ? 'stdin' : file);

/** @throws refusal for what a pipe can't do */
function checkPipes(files: string[], { loop, ab }: Options): void {
  const pipes = files.filter((file) => file === '-').length;
  if (pipes > 1 || (pipes === 1 && (loop !== undefined || ab !== undefined))) {
    throw refusal('recording_passed', 'Standard input can be read once only: no loop, no range again.', {
      hint: 'Write it to a file first and play that.',
    });
  }
}

function requestOf(files: string[], options: Options): ReplayRequest {
  return {
    // Named here, so that the rows refused while the file is opened bear the name, too.
    id: options.name ?? `replay-${randomUUID().slice(0, 8)}`,
    recordings: files.map(nameOf),
    rate: options.rate,
    paused: options.paused ?? false,
    ...(options.loop !== undefined && { loop: options.loop }),
    ab: options.ab,
    skipIdle: options.skipIdle,
    late: options.late,
    lockstep: options.lockstep,
    restamp: options.restamp,
    trace: options.trace,
    waitForSubscribers: options.waitForSubscribers,
    ...(options.start && { start: options.start }),
    ...(options.end && { end: options.end }),
    ...(options.duration && { duration: options.duration }),
  };
}

const IN_ORDER_FIRST =
  'Put it in order first: reprise convert FILE sorted.mcap. Or give the window more room: --reorder 10m.\n';

/** Says what was played and what was not, and how it was read. */
function report(replay: ReplayDocument, json: boolean): ReplayDocument {
  if (json) process.stdout.write(`${JSON.stringify(replay)}\n`);
  else {
    const { published, reordered, refused, late, outliers, filtered } = replay.counts;
    const parts = [
      `${published.toLocaleString('en')} events on ${replay.channels.join(', ')}`,
      ...(filtered ? [`${filtered.toLocaleString('en')} left out by filter or sample, or as restored`] : []),
      ...(reordered ? [`${reordered.toLocaleString('en')} steps back in time put in order`] : []),
      ...(refused
        ? [`${refused.toLocaleString('en')} ${refused === 1 ? 'row' : 'rows'} refused`]
        : ['no row refused']),
      ...(outliers ? [`${outliers.toLocaleString('en')} with a time weeks away from those around`] : []),
      ...(late ? [`${late.toLocaleString('en')} rows too late for the reorder window`] : []),
    ];
    process.stdout.write(`${parts.join('; ')}.\n`);
    if (late) process.stdout.write(IN_ORDER_FIRST);
  }
  return replay;
}

/** Names the rows that were refused, each with its file, line and reason; of many the last. */
async function nameRefused(redis: Redis, id: string, refused: number): Promise<void> {
  const { items } = await readDeadLetters(redis, NAMED_ROWS);
  const named = items.filter(({ replay }) => replay === id).reverse();
  for (const { source, line, reason } of named) process.stdout.write(`${source}:${line}: ${reason}\n`);
  if (refused > named.length) process.stdout.write('GET /api/v1/deadletters has more of them.\n');
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
