import { InvalidArgumentError, type Command } from 'commander';
import { loadSettings } from '../../core/settings/settings.ts';
import { port } from '../../supervisor/options.ts';
import { roleNames, type RoleName } from '../../supervisor/roles.ts';
import { terminal } from '../../supervisor/terminal.ts';
import { up } from '../../supervisor/up.ts';

interface Options {
  port?: number;
  host?: string;
  demo: boolean;
  only?: RoleName[];
}

/** `reprise up` (`npm start`): everything on this machine, until Ctrl-C. */
export default {
  name: 'up',
  register(program: Command) {
    program
      .command('up')
      .description('run everything on this machine: Redis, all roles, the page and the demo')
      .option('--port <port>', 'port of the API and the page; 0: any (default: 3000)', port)
      .option('--host <address>', 'address that the API and the page listen on (default: 127.0.0.1)')
      .option('--no-demo', 'do not play the demo')
      .option('--only <roles>', `start only these roles, separated by commas: ${roleNames.join(', ')}`, only)
      .action(({ demo, only: roles = roleNames, ...flags }: Options) =>
        up(loadSettings(flags), { demo, roles, terminal: terminal(process.stdout) }),
      );
  },
};

function only(text: string): RoleName[] {
  const asked = text.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => !roleNames.includes(name as RoleName));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`There is no role "${unknown}"; there are ${roleNames.join(', ')}.`);
  }
  return roleNames.filter((name) => asked.includes(name));
}
