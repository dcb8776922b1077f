import { Argument, type Command } from 'commander';
import { loadSettings } from '../../core/config.ts';
import { failure } from '../../core/errors.ts';
import { checks } from '../../supervisor/roles.ts';

/** `reprise check config`: whether the services of a configuration can run, and do what its tests say. */
export default {
  name: 'check',
  register(program: Command) {
    program
      .command('check')
      .description('check the configuration: its services, its analytics, and the tests that it carries')
      .addArgument(new Argument('<what>', 'what to check').choices(['config']))
      .argument('[file]', 'the configuration (config/reprise.json)')
      .option('--json', 'print what was found as JSON')
      .action(check);
  },
};

async function check(_what: string, file: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const settings = loadSettings(file === undefined ? {} : { config: file });
  const { checkSetup } = await checks.analysis();
  const findings = await checkSetup(settings);
  if (json) process.stdout.write(`${JSON.stringify(findings)}\n`);
  else
    for (const { what, problems } of findings) {
      process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${what}\n`);
      for (const problem of problems) process.stdout.write(`     ${problem}\n`);
    }
  const failed = findings.filter(({ problems }) => problems.length > 0).length;
  if (failed > 0)
    throw failure('config_invalid', `${failed} of ${findings.length} checks failed.`, {
      hint: 'Nothing was started or changed.',
    });
}
