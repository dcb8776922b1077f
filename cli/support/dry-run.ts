import { basename } from 'node:path';
import type { Config, RecordingDescription } from '../../schemas/types.ts';
import { describe } from '../../replayer/files/describe.ts';
import { durationMs } from '../../core/time/duration.ts';
import type { ReplaySource } from '../../replayer/playing/recordings.ts';
import { changedBy } from './report.ts';
import { spanText } from './terminal.ts';

/** Prints what each recording holds and how it would be read, with the evidence; plays nothing. */
export async function dryRun(
  sources: ReplaySource[],
  channels: Config['channels'],
  json: boolean,
): Promise<void> {
  for (const source of sources) {
    const offsetMs =
      source.offset === undefined ? 0 : durationMs(source.offset, 'offset', { mayBeNegative: true });
    const description = await describe(source.path, { ...source, offsetMs, channels });
    const file = basename(source.path);
    const text = json ? JSON.stringify({ file, ...description }) : words(file, description);
    process.stdout.write(`${text}\n`);
    if (description.refused > 0) process.exitCode = 3;
  }
}

function words(file: string, description: RecordingDescription): string {
  const { channels, records, refused, disordered, start, end, longestGapSeconds, subjectCount, subjects } =
    description;
  const seconds = start && end ? (Date.parse(end) - Date.parse(start)) / 1000 : 0;
  const number = (value: number) => value.toLocaleString('en');
  const shown = subjects.slice(0, 5).join(', ');
  const lines = [
    `${file}`,
    `  records    ${number(records)}${refused ? `; ${number(refused)} rows refused` : ''}`,
    `  channels   ${channels.map(({ channel, records }) => `${channel} (${number(records)})`).join(', ')}`,
    `  span       ${start ?? 'nothing'} to ${end ?? 'nothing'} (${spanText(seconds)})`,
    `  longest gap ${spanText(longestGapSeconds ?? 0)}`,
    `  disorder   ${disordered === 0 ? 'none' : `${number(disordered)} steps back in time`}`,
    `  subjects   ${number(subjectCount)}: ${shown}${subjectCount > 5 ? ', ...' : ''}`,
    ...(description.notes ?? []).map((note) => `  ${note}`),
    '  read as',
    ...Object.entries(description.inferred).map(([name, { value, certainty, because, option }]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
      return `    ${name.padEnd(10)} ${value === null || value === false ? 'none' : text}: ${certainty === 'guess' ? 'a guess: ' : ''}${because}${certainty === 'guess' ? changedBy(option) : ''}`;
    }),
  ];
  return lines.join('\n');
}
