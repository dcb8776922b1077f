import { InvalidArgumentError, Option, type Command } from 'commander';
import { connect } from '../../core/redis/connection.ts';
import { Wiretap } from '../../core/redis/wiretap.ts';
import { namespaceOption, redisOption, redisSettings, type RedisOptions } from '../support/redis-options.ts';

const LINE_FEED = Buffer.from('\n');

interface Options extends RedisOptions {
  count?: number;
  names?: boolean;
}

/** `reprise listen PATTERN...`: prints what is on the wire, one message a line, for pipes. */
export default {
  name: 'listen',
  register(program: Command) {
    program
      .command('listen')
      .description('print the messages of channels, one per line')
      .argument('<pattern...>', 'channels, with the patterns of Redis: gps, gps.*, *')
      .addOption(new Option('--count <n>', 'end after this many messages').argParser(count))
      .option('--names', 'print the channel and a tab before each message')
      .addOption(redisOption('listen to'))
      .addOption(namespaceOption())
      .action(listen);
  },
};

async function listen(patterns: string[], options: Options): Promise<void> {
  const { count: limit = Infinity, names } = options;
  const redis = await connect(redisSettings(options), 'listen', { writes: false });
  let left = limit;
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const tap = await Wiretap.start(redis, patterns, (channel, message) => {
    if (left-- <= 0) return;
    // The bytes as they are: a message need not be text.
    process.stdout.write(Buffer.concat([Buffer.from(names ? `${channel}\t` : ''), message, LINE_FEED]));
    if (left === 0) end();
  });
  // The reader has closed the pipe, as `head` does when it has enough.
  process.stdout.on('error', end);
  process.once('SIGINT', end).once('SIGTERM', end);
  process.stderr.write(`Listening to ${patterns.join(', ')}; Ctrl+C ends it.\n`);
  await ended;
  tap.close();
  redis.disconnect();
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Write a whole number from 1.');
}
