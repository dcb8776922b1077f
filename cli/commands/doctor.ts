import { basename } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import type { Command } from 'commander';
import { diagnose } from '../../replayer/files/doctor.ts';
import { eachRecording } from '../support/each-recording.ts';
import { openOptions, withReadOptions, type ReadOptions } from '../support/options.ts';
import { redisSettings, namespaceOption, type RedisOptions } from '../support/redis-options.ts';
import { diagnoseRedis } from '../support/redis-report.ts';
import { count, lost } from '../support/report.ts';

/** `reprise doctor FILE`, `reprise doctor redis`: says what is wrong with a recording; exits with 3 when data are lost or can't be played. */
export default {
  name: 'doctor',
  register(program: Command) {
    withReadOptions(
      program
        .command('doctor')
        .description(
          'report what is wrong with a recording: order, gaps, bad rows, index, checksums; or with a Redis',
        )
        .argument(
          '<file>',
          'a recording in any format, packed or in an archive; - is standard input; or the word redis',
        )
        .argument('[url]', 'after redis: the Redis to check (default: REDIS_URL)')
        .addOption(namespaceOption()),
    ).action(run);
  },
};

async function run(
  name: string,
  url: string | undefined,
  options: ReadOptions & RedisOptions,
): Promise<void> {
  if (name === 'redis')
    return diagnoseRedis(redisSettings({ ...options, ...(url && { redis: url }) }), options.json ?? false);
  if (url !== undefined)
    throw refusal('redis_url', 'A URL follows the word redis alone.', {
      hint: 'For a Redis: reprise doctor redis URL.',
    });
  await eachRecording(name, (file) => show(file, options));
}

async function show(file: string, options: ReadOptions): Promise<void> {
  const report = await diagnose(file, openOptions(options));
  const errors = report.findings.filter(({ severity }) => severity === 'error');
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const { format, messages, start, end, longestGapSeconds } = report;
    const span = start === null ? '' : `, ${start} to ${end}, longest gap ${longestGapSeconds} s`;
    process.stdout.write(`${basename(file)}: ${format}, ${count(messages, 'message')}${span}.\n`);
    if (report.note !== undefined) process.stdout.write(`${report.note}\n`);
    for (const { severity, what, hint } of report.findings)
      process.stdout.write(`${severity}: ${what}${/[.!?]$/.test(what) ? '' : '.'} ${hint}\n`);
    if (report.findings.length === 0) process.stdout.write('Nothing is wrong with it.\n');
  }
  lost(errors.length);
}
