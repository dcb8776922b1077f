import type { Command } from 'commander';
import { loadSettings } from '../../core/settings/settings.ts';
import { upOptions, type UpFlags } from '../../supervisor/options.ts';
import { roleNames } from '../../supervisor/roles.ts';
import { terminal } from '../../supervisor/terminal.ts';
import { up } from '../../supervisor/up.ts';

/** `reprise up` (`npm start`): runs everything on this machine until Ctrl-C. */
export default {
  name: 'up',
  loadsPlugins: true,
  register(program: Command) {
    upOptions(
      program
        .command('up')
        .description('run everything on this machine: Redis, all roles, the page and the demo'),
    ).action(({ demo, only: roles = roleNames, ...flags }: UpFlags) =>
      up(loadSettings(flags), { demo, roles, terminal: terminal(process.stdout) }),
    );
  },
};
