import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Command } from 'commander';
import { channelSpec, dataValidator } from '../../core/wire/channels.ts';
import type { Data, TimedRecord } from '../../core/wire/event.ts';
import { waitingText, type PassingReason } from '../../core/problems/passing.ts';
import { waitOut } from '../../core/redis/wait-out.ts';
import { connect } from '../../core/redis/connection.ts';
import { addDeadLetters } from '../../core/redis/dead-letters.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { explain } from '../../schemas/index.ts';
import { lines, type TextLine } from '../../replayer/formats/support/lines.ts';
import { decoded } from '../../replayer/reading/source/input.ts';
import { namespaceOption, redisOption, redisSettings, type RedisOptions } from '../support/redis-options.ts';

interface Options extends RedisOptions {
  subject?: string;
}

/** `reprise publish CHANNEL`: publishes lines of standard input as events, each as it comes. */
export default {
  name: 'publish',
  register(program: Command) {
    program
      .command('publish')
      .description('publish each line of standard input on a channel')
      .argument('<channel>', 'the channel; a line is a JSON object, or text that becomes {"text": ...}')
      .option(
        '--subject <member>',
        'member that names the subject of an event (default: the name of the channel)',
      )
      .addOption(redisOption('publish on'))
      .addOption(namespaceOption())
      .action(publish);
  },
};

async function publish(channel: string, options: Options): Promise<void> {
  const settings = redisSettings(options);
  const spec = channelSpec(channel, settings.channels);
  const redis = await connect(settings, 'publish');
  const waiting = sayOnce();
  const writer = new ChannelWriter(redis, spec, { source: '/cli/publish', waiting });
  const read = lineReader(channel, options.subject ?? null, dataValidator(spec) as ValidateFunction | null);
  let [published, refused] = [0, 0];
  try {
    for await (const chunk of lines(decoded(process.stdin))) {
      const records: TimedRecord[] = [];
      for (const line of chunk.filter(({ text }) => text.trim() !== '')) {
        const record = read(line);
        if (typeof record !== 'string') {
          records.push(record);
          continue;
        }
        refused++;
        process.stderr.write(`stdin:${line.line}: ${record}\n`);
        const letter = { channel, source: 'stdin', line: line.line, reason: record, content: line.text };
        await waitOut(redis, () => addDeadLetters(redis, [letter]), { waiting });
      }
      if (records.length > 0) await writer.emit(records);
      published += records.length;
    }
  } finally {
    redis.disconnect();
  }
  const said = `${published.toLocaleString('en')} events on ${channel}; ${refused || 'no'} lines refused.`;
  process.stderr.write(`${said}\n`);
  if (refused > 0) process.exitCode = 3;
}

/** Says on standard error, once for each time, that Redis refuses what is published. */
function sayOnce(): (reason: PassingReason | null) => void {
  let last: string | null = null;
  return (reason) => {
    if (reason && reason.code !== last) process.stderr.write(`waiting ${waitingText(reason)}\n`);
    last = reason?.code ?? null;
  };
}

/** Makes an event of a line, or says why it can't. */
function lineReader(channel: string, subject: string | null, validate: ValidateFunction | null) {
  return ({ text, tooLong }: TextLine): TimedRecord | string => {
    if (tooLong) return 'The line is longer than 1,000,000 characters.';
    const isObject = text.trimStart().startsWith('{');
    let values: Data;
    try {
      values = isObject ? (JSON.parse(text) as Data) : { text };
    } catch (error) {
      return `Not JSON: ${(error as Error).message}.`;
    }
    const name = subject === null ? channel : values[subject];
    if (typeof name !== 'string' && typeof name !== 'number') return `No subject: it has no "${subject}".`;
    if (validate && !validate(values))
      return `Not what channel "${channel}" carries: ${explain(validate.errors, values)}.`;
    return {
      timeMs: Date.now(),
      subject: String(name),
      data: isObject ? text.trim() : JSON.stringify(values),
    };
  };
}
