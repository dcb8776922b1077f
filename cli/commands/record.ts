import { InvalidArgumentError, Option, type Command } from 'commander';
import { failure, refusal, sentence } from '../../core/problems/errors.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { services } from '../../core/redis/presence.ts';
import { count, lost, size } from '../support/report.ts';
import { durationMs } from '../../core/time/duration.ts';
import { isMcapName, McapFile, type RecordSink } from '../../replayer/record/mcap-sink.ts';
import { LinesFile } from '../../replayer/record/lines-sink.ts';
import { RecorderService } from '../../replayer/record/recorder-service.ts';
import { RingBuffer } from '../../replayer/record/ring-buffer.ts';
import { SplitFile } from '../../replayer/record/split-file.ts';
import { Recorder, type RecorderOptions } from '../../replayer/record/recorder.ts';
import { namespaceOption, redisOption, redisSettings, type RedisOptions } from '../support/redis-options.ts';

interface Options extends RedisOptions {
  out: string;
  splitSize?: number;
  splitDuration?: number;
  ring?: number;
  stopAfter?: NonNullable<RecorderOptions['stopAfter']>;
  maxDisk?: number;
  json?: boolean;
}

const UNITS: { [unit: string]: number } = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** `reprise record PATTERN... -o FILE`: records what is on the wire, byte for byte, until it is stopped. */
export default {
  name: 'record',
  register(program: Command) {
    program
      .command('record')
      .description('record channels byte for byte')
      .argument('<pattern...>', 'channels, with the patterns of Redis: gps, gps.*, *')
      .requiredOption('-o, --out <file>', 'file to write: .mcap, or .ndjson for the plain lines, also as .gz')
      .addOption(
        new Option('--split-size <size>', 'begin a new file after this many bytes, e.g. 500MB').argParser(
          bytes,
        ),
      )
      .addOption(
        new Option('--split-duration <span>', 'begin a new file after this long, e.g. 10m').argParser(span),
      )
      .addOption(
        new Option(
          '--ring <span>',
          'keep the last part in memory, e.g. 60s; SIGUSR1 or a REST call writes it to a file',
        )
          .argParser(span)
          .conflicts(['splitSize', 'splitDuration']),
      )
      .addOption(
        new Option(
          '--stop-after <limit>',
          'end after a duration (10m), a number of messages (1000) or of bytes (2GB)',
        ).argParser(limit),
      )
      .addOption(
        new Option('--max-disk <size>', 'end when the files take this much, e.g. 5GB').argParser(bytes),
      )
      .addOption(redisOption('listen to'))
      .addOption(namespaceOption())
      .option('--json', 'print one JSON line at the end instead of text')
      .action(record);
  },
};

async function record(patterns: string[], options: Options): Promise<void> {
  const settings = redisSettings(options);
  if (!/\.(mcap|ndjson|ndjson\.gz)$/i.test(options.out))
    throw refusal('output_format', `${options.out} is in no format that is recorded to.`, {
      hint: 'There are .mcap, .ndjson and .ndjson.gz.',
    });
  const create = async (path: string): Promise<RecordSink> =>
    isMcapName(path) ? McapFile.create(path, settings.channels) : LinesFile.create(path);
  const redis = await connect(settings, 'record');
  try {
    await refuseTooMany(redis, settings.quotas.recorders);
    const { out: path, splitSize: sizeBytes, splitDuration: durationMs } = options;
    const sink =
      options.ring === undefined
        ? await SplitFile.create({ path, sizeBytes, durationMs, create })
        : new RingBuffer(options.ring, path, create);
    const recorder = await Recorder.start(redis, sink, {
      patterns,
      path,
      ...(options.stopAfter && { stopAfter: options.stopAfter }),
      ...(options.maxDisk !== undefined && { maxDiskBytes: options.maxDisk }),
    });
    process.stderr.write(`Recording ${patterns.join(', ')} to ${path}; Ctrl+C ends it.\n`);
    const reachable = new RecorderService({
      redis,
      recorder,
      sink,
      patterns,
      recordings: settings.recordings,
    });
    const stop = () => recorder.stop();
    const snap = () => {
      void reachable
        .snapshot()
        .then(() => `Wrote ${sink.paths.at(-1)}.`, sentence)
        .then((said) => process.stderr.write(`${said}\n`));
    };
    process.once('SIGINT', stop).once('SIGTERM', stop).on('SIGUSR1', snap);
    const reason = await recorder.ended;
    process.off('SIGUSR1', snap);
    await reachable.close(recorder.error);
    tell(recorder, sink, reason, options.json ?? false);
    // A snapshot that was asked for is missing.
    lost(reachable.snapshotsFailed);
    if (reason === 'failed' || reason === 'full')
      throw failure('recording_failed', recorder.error!, {
        hint: 'What was recorded before is in the file. Make room, or record to another disk.',
      });
  } finally {
    redis.disconnect();
  }
}

/** @throws refusal `recorders_too_many` */
async function refuseTooMany(redis: Redis, most: number): Promise<void> {
  const running = (await services(redis)).filter(
    ({ role, state }) => role === 'recorder' && state === 'running',
  );
  if (running.length < most) return;
  throw refusal('recorders_too_many', `${running.length} recorders run on this Redis already.`, {
    hint: 'End one, or raise REPRISE_MAX_RECORDERS.',
  });
}

function tell(recorder: Recorder, sink: SplitFile | RingBuffer, reason: string, json: boolean): void {
  const { counts, channels, atTimeHeard } = recorder;
  const { paths, bytes } = sink;
  if (json) {
    const report = { files: paths, ...counts, atTimeHeard, channels: [...channels], bytes, stopped: reason };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    const parts = [
      `${count(counts.messages, 'message')} on ${count(channels.size, 'channel')} in ${paths.join(', ') || 'no file'} (${size(bytes)})`,
      ...(counts.filled ? [`${counts.filled} of them from the log`] : []),
      ...(atTimeHeard
        ? [`${count(atTimeHeard, 'event')} at the time heard, because MCAP can't hold theirs`]
        : []),
      ...(counts.unwritten ? [`${count(counts.unwritten, 'more message')} could not be written`] : []),
      ...(counts.lost ? [`${counts.lost} lost, see channel reprise.gaps`] : []),
      ...(reason === 'disk' ? ['ended because the files take as much room as they may'] : []),
    ];
    process.stdout.write(`${parts.join('; ')}.\n`);
  }
  lost(counts.lost);
}

function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)B?$/i.exec(text);
  if (!match || !(Number(match[1]) > 0)) throw new InvalidArgumentError('It is a size such as 500MB or 2GB.');
  return Number(match[1]) * UNITS[match[2]!.toUpperCase()]!;
}

function span(text: string): number {
  try {
    const ms = durationMs(text, 'span');
    if (ms > 0) return ms;
  } catch {
    // Refused below.
  }
  throw new InvalidArgumentError('It is a span such as 60s or 10m.');
}

function limit(text: string): NonNullable<RecorderOptions['stopAfter']> {
  if (/^\d+$/.test(text)) return { messages: Number(text) };
  if (/B$/i.test(text)) return { bytes: bytes(text) };
  return { durationMs: span(text) };
}
