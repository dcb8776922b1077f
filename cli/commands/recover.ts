import type { Command } from 'commander';
import { recover } from '../../replayer/files/recover.ts';
import { count, lost } from '../support/report.ts';

/** `reprise recover IN OUT`: what is intact in a file that was cut or damaged; exits with 3 when something was lost. */
export default {
  name: 'recover',
  register(program: Command) {
    program
      .command('recover')
      .description('save the intact part of a truncated or damaged file')
      .argument('<in>', 'MCAP, or text, also packed or alone in an archive; - is standard input')
      .argument('<out>', 'file to write, of the same kind')
      .option('--json', 'print one JSON line instead of text')
      .action(run);
  },
};

async function run(input: string, out: string, { json }: { json?: boolean }): Promise<void> {
  const report = await recover(input, out);
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    const { recovered, attachments = 0, metadata = 0 } = report;
    const saved = [
      // Only MCAP has attachments, and messages; text is saved in lines.
      count(recovered, report.attachments === undefined ? 'line' : 'message'),
      ...(attachments > 0 ? [count(attachments, 'attachment')] : []),
      ...(metadata > 0 ? [count(metadata, 'metadata record')] : []),
    ];
    process.stdout.write(`${saved.join(', ')} saved in ${out}.\n`);
    for (const { offset, what } of report.damages)
      process.stdout.write(`${input}: byte ${offset}: ${what}.\n`);
    if (report.lost) process.stdout.write('Something was lost.\n');
  }
  lost(report.lost ? 1 : 0);
}
