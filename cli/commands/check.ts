import { Argument, type Command } from 'commander';
import { loadSettings, type Settings } from '../../core/settings/settings.ts';
import { sentenceOf } from '../../core/problems/flaws.ts';
import { Plugins } from '../../core/plugins/plugins.ts';
import { refusal } from '../../core/problems/errors.ts';
import { checks } from '../../supervisor/roles.ts';

/** `reprise check config`: checks that what a configuration sets up can run, and passes its own tests. */
export default {
  name: 'check',
  loadsPlugins: true,
  register(program: Command) {
    program
      .command('check')
      .description('check the configuration: its services, analytics, endpoints and plugins; run its tests')
      .addArgument(new Argument('<what>', 'what to check').choices(['config']))
      .argument('[file]', 'the configuration (default: config/reprise.json)')
      .option('--json', 'print one JSON line instead of text')
      .action(check);
  },
};

async function check(_what: string, file: string | undefined, { json }: { json?: boolean }): Promise<void> {
  const settings = loadSettings(file === undefined ? {} : { config: file });
  const plugins = await Plugins.load(settings.plugins, { error: () => {} });
  const [{ checkSetup }, { checkEndpoints }] = await Promise.all([checks.analysis(), checks.api()]);
  const findings = [
    fileFinding(settings),
    ...(await checkSetup(settings, plugins)),
    ...(await checkEndpoints(settings, plugins)),
  ];
  for (const plugin of settings.plugins) {
    const failures = plugins.failures.filter((failed) => failed.plugin === plugin);
    findings.push({ what: `plugin ${plugin}`, problems: failures.map(({ reason }) => `${reason}.`) });
  }
  if (json) process.stdout.write(`${JSON.stringify(findings)}\n`);
  else
    for (const { what, problems } of findings) {
      process.stdout.write(`${problems.length === 0 ? 'ok  ' : 'FAIL'} ${what}\n`);
      for (const problem of problems) process.stdout.write(`     ${problem}\n`);
    }
  const failed = findings.filter(({ problems }) => problems.length > 0).length;
  if (failed > 0)
    throw refusal('config_invalid', `${failed} of ${findings.length} checks failed.`, {
      hint: 'Nothing was started or changed.',
    });
}

/** What can be parsed but is hardly meant: repeated keys. */
function fileFinding({ file }: Settings): { what: string; problems: string[] } {
  const repeated = file?.repeated() ?? [];
  return {
    what: 'file',
    problems: repeated.map((flaw) => `${file!.place(flaw.pointer)}: ${sentenceOf(flaw)}.`),
  };
}
