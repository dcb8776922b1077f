import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { loadRegistry, moduleNames } from '../core/runtime/registry.ts';
import { loadSettings } from '../core/settings/settings.ts';
import { OPTION_REFUSALS } from '../core/problems/option-refusals.ts';
import { isProblem, sentence } from '../core/problems/errors.ts';

/** A command: the default export of `cli/commands/<name>.ts`. */
export interface CliCommand {
  name: string;
  register(program: Command): void;
  /** Whether the command's processes load plugins themselves; unless they do, the formats of plugins are added before. */
  loadsPlugins?: boolean;
}

const folder = new URL('commands/', import.meta.url);
const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const { version } = JSON.parse(manifest) as { version: string };
const BAD_USAGE = 2;
/** Nothing of the data could be used. */
const DATA_LOST = 3;

/** The command line with these commands; with all of them unless given. */
export async function createProgram(names?: readonly string[]): Promise<Command> {
  const program = new Command('reprise')
    .description('Replays recorded, timestamped data onto Redis channels as if it were happening now.')
    .showHelpAfterError('Try --help.')
    .version(version)
    .exitOverride();
  const commands = await loadRegistry<CliCommand>(folder, names);
  for (const command of commands) command.register(program);
  const loadingPlugins = new Set(commands.filter(({ loadsPlugins }) => loadsPlugins).map(({ name }) => name));
  program.hook('preAction', (_program, command) =>
    loadingPlugins.has(command.name()) ? undefined : addPlugins(),
  );
  for (const command of program.commands) command.exitOverride().showHelpAfterError('Try --help.');
  return program;
}

/**
 * Runs the command line and returns the exit code: 0 done, 1 failed, 2 bad usage, 3 no data that can be used (a command
 * may have set another).
 * With `debug`, an error shows where it came from.
 */
export async function main(argv: string[], debug: boolean): Promise<number> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` may close the pipe when it has seen enough; that is not a failure.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  const program = await createProgram(commandNames(argv[2]));
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_USAGE;
    process.stderr.write(`${debug && error instanceof Error ? error.stack : sentence(error)}\n`);
    if (isProblem(error, 'recording_unplayable')) return DATA_LOST;
    return isProblem(error, ...OPTION_REFUSALS) ? BAD_USAGE : 1;
  }
}

/** Adds the formats of plugins. A broken configuration is reported by the commands that need it. */
async function addPlugins(): Promise<void> {
  let names: string[];
  try {
    names = loadSettings().plugins;
  } catch {
    return;
  }
  if (names.length === 0) return;
  const { Plugins } = await import('../core/plugins/plugins.ts');
  const { addFormats } = await import('../replayer/reading/formats.ts');
  const error = (_about: object, message: string) => void process.stderr.write(`${message}\n`);
  addFormats(await Plugins.load(names, { error }));
}

/** Only the command that was asked for, so that it starts without loading the others; all commands for the help. */
function commandNames(asked: string | undefined): string[] | undefined {
  return asked && moduleNames(folder).includes(asked) ? [asked] : undefined;
}
