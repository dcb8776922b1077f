import { isUtf8 } from 'node:buffer';
import { isTooDeep, TOO_DEEP } from '../../core/wire/json-depth.ts';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Command } from 'commander';
import { channelSpec, dataValidator } from '../../core/wire/channels.ts';
import type { Data, TimedRecord } from '../../core/wire/event.ts';
import { readIncoming, recordOf } from '../../core/wire/incoming-event.ts';
import type { JsonValue } from '../../core/wire/json-text.ts';
import { waitingText, type PassingReason } from '../../core/problems/passing.ts';
import { waitOut } from '../../core/redis/wait-out.ts';
import { connect } from '../../core/redis/connection.ts';
import { addDeadLetters } from '../../core/redis/dead-letters.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { explain } from '../../schemas/index.ts';
import { lines, type TextLine } from '../../replayer/formats/support/lines.ts';
import { namespaceOption, redisOption, redisSettings, type RedisOptions } from '../support/redis-options.ts';

const TOO_LONG = 'The line is longer than 1,000,000 bytes.';

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
      .argument(
        '<channel>',
        'the channel; a line is a CloudEvent, which keeps its subject and time, another JSON object, which is its data, or text that becomes {"text": ...}',
      )
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
    for await (const chunk of lines(byteText(process.stdin))) {
      const records: TimedRecord[] = [];
      for (const line of chunk) {
        const text = decodedLine(line);
        if (text === '') continue;
        const record = line.tooLong ? TOO_LONG : text === null ? 'Not UTF-8.' : read(text);
        if (typeof record !== 'string') {
          records.push(record);
          continue;
        }
        refused++;
        process.stderr.write(`stdin:${line.line}: ${record}\n`);
        const letter = {
          channel,
          source: 'stdin',
          line: line.line,
          reason: record,
          content: text ?? line.text,
        };
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

const BYTE_ORDER_MARK = /^\ufeff/;

/** Bytes as text of one character a byte, so that a line can be checked before it is decoded. */
async function* byteText(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  for await (const bytes of source) yield Buffer.from(bytes).toString('latin1');
}

/** A line of bytes as text. Null if it is not UTF-8. */
function decodedLine({ line, text: raw }: TextLine): string | null {
  const bytes = Buffer.from(raw, 'latin1');
  if (!isUtf8(bytes)) return null;
  const text = bytes.toString();
  return (line === 1 ? text.replace(BYTE_ORDER_MARK, '') : text).trim();
}

/**
 * Makes a record of a line, or says why it can't. A CloudEvent keeps its data, subject, time, trace and extensions; any other
 * JSON object is bare data; anything else is a text.
 */
function lineReader(channel: string, subject: string | null, validate: ValidateFunction | null) {
  const problemOf = (data: Data) =>
    validate && !validate(data)
      ? `Not what channel "${channel}" carries: ${explain(validate.errors, data)}.`
      : null;
  return (text: string): TimedRecord | string => {
    const isObject = text.startsWith('{');
    if (isObject && isTooDeep(text)) return `Too deep: ${TOO_DEEP}.`;
    const row: JsonValue = { text, value: { text } };
    if (!isObject) row.text = JSON.stringify(row.value);
    try {
      if (isObject) row.value = JSON.parse(text);
    } catch (error) {
      return `Not JSON: ${(error as Error).message}.`;
    }
    const name = subject === null ? channel : subjectIn(row.value as Data, subject);
    if (name === null) return `No subject: it has no "${subject}".`;
    const event = readIncoming(row, { subject: name, nowMs: Date.now(), problemOf });
    return typeof event === 'string' ? event : recordOf(event);
  };
}

/** The subject that a member of the data names; an event can name its own. Null if there is none. */
function subjectIn(row: Data, member: string): string | null {
  const isEvent = 'specversion' in row;
  const { subject } = row;
  if (isEvent && typeof subject === 'string') return subject;
  const name = (isEvent ? (row['data'] as Data | null | undefined) : row)?.[member];
  return typeof name === 'string' || typeof name === 'number' ? String(name) : null;
}
