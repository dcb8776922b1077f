import { flagOf } from '../../replayer/reading/inference/guesses.ts';
import type { ConvertReport } from '../../replayer/files/convert-request.ts';

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];
/** The exit code of a command that did its work, but not with all data. */
const DATA_LOST = 3;

/** Prints what was written, in words or as a JSON line, and sets the exit code: 3 when rows were refused. */
export function tell(report: ConvertReport, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const { messages, channels, out, bytes, start, end, refused, reordered, refusals, read, absent } = report;
    const skipped = Object.entries(report.skipped);
    const parts = [
      `${count(messages, 'message')} on ${channels.join(', ')} in ${out} (${size(bytes)})`,
      `${start} to ${end}`,
      ...(reordered ? [`${count(reordered, 'step')} back in time put in order`] : []),
      ...(skipped.length > 0 || refused > 0 ? [`${count(read, 'row')} read`] : []),
      refused ? `${count(refused, 'row')} refused` : 'no row refused',
      ...skipped.map(([reason, rows]) => `${count(rows, 'row')} skipped: ${reason}`),
      ...(absent ? [`${count(absent, 'value')} left out that stand for "no value"`] : []),
    ];
    for (const guess of report.guesses) process.stderr.write(`${guess}\n`);
    process.stdout.write(`${parts.join('; ')}.\n`);
    for (const note of report.notes ?? []) process.stdout.write(`${note}\n`);
    // A row that has no line was read, and can't be written.
    for (const { file, line, reason } of refusals)
      process.stdout.write(`${file}${line > 0 ? `:${line}` : ''}: ${reason}\n`);
    if (refused > refusals.length) process.stdout.write(`and ${refused - refusals.length} more.\n`);
  }
  lost(report.refused);
}

/** Names the flag that changes a decision on how a recording is read, behind its reason; nothing where there is none. */
export function changedBy(option: string | undefined): string {
  return option === undefined ? '' : `; ${flagOf(option)} changes it`;
}

/** Sets the exit code if data were lost or refused. */
export function lost(count: number): void {
  if (count > 0) process.exitCode = DATA_LOST;
}

export function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

export function size(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** unit).toLocaleString('en', { maximumFractionDigits: 1 })} ${UNITS[unit]}`;
}
