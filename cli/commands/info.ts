import type { Command } from 'commander';
import type { RecordingDescription } from '../../schemas/types.ts';
import { recordingInfo } from '../../replayer/files/info.ts';
import { eachRecording } from '../support/each-recording.ts';
import { openOptions, withReadOptions, type ReadOptions } from '../support/options.ts';
import { changedBy, count, lost, size } from '../support/report.ts';

/** `reprise info FILE`: what is in a recording. */
export default {
  name: 'info',
  register(program: Command) {
    withReadOptions(
      program
        .command('info')
        .description('show what is in a recording, and how it is read')
        .argument('<file>', 'a recording in any format, packed or in an archive; - is standard input'),
    ).action(run);
  },
};

async function run(name: string, options: ReadOptions): Promise<void> {
  await eachRecording(name, (file) => show(file, options));
}

async function show(file: string, options: ReadOptions): Promise<void> {
  const report = await recordingInfo(file, openOptions(options));
  lost(report.description?.refused ?? 0);
  if (options.json) return void process.stdout.write(`${JSON.stringify(report)}\n`);
  const { messages, bytes, format, start, end, chunks, compression, ratio, indexed, description } = report;
  const lines = [
    `${report.file}: ${format}, ${size(bytes)}, ${messages === null ? 'uncounted messages' : count(messages, 'message')}`,
    ...(start ? [`${start} to ${end}`] : []),
    ...(report.note === undefined ? [] : [report.note]),
    ...(description?.refused ? refusedLines(description) : []),
    ...report.channels.map(
      ({ channel, messages, subjects, schema }) =>
        `channel ${channel}: ${messages === null ? '' : `${count(messages, 'message')}, `}${subjects === null ? '' : `${count(subjects, 'subject')}, `}${schema}`,
    ),
    ...(chunks === undefined
      ? []
      : [
          `${count(chunks, 'chunk')}, ${compression!.join(', ')} ${ratio}:1, ${indexed ? 'indexed' : 'no index'}`,
        ]),
    ...(description?.notes ?? []),
    ...Object.entries(description?.inferred ?? {}).map(
      ([name, { value, certainty, because, option }]) =>
        `${name}: ${String(value)} (${certainty === 'certain' ? '' : `${certainty}: `}${because}${certainty === 'guess' ? changedBy(option) : ''})`,
    ),
    ...(report.attachments ?? []).map(
      ({ name, mediaType, bytes }) => `attachment ${name}: ${mediaType}, ${size(bytes)}`,
    ),
    ...Object.entries(report.metadata ?? {}).flatMap(([name, values]) =>
      Object.entries(values).map(([key, value]) => `${name} ${key}: ${value}`),
    ),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The rows that can't be played, of those that were read. */
function refusedLines({ refused, refusals = [] }: RecordingDescription): string[] {
  return [
    `${count(refused, 'row')} refused`,
    ...refusals.map(({ line, reason }) => `line ${line}: ${reason}`),
    ...(refused > refusals.length ? [`and ${refused - refusals.length} more`] : []),
  ];
}
