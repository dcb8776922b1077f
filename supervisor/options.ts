import { InvalidArgumentError, type Command } from 'commander';
import { roleNames, type RoleName } from './roles.ts';

/** What the options of `upOptions` become. */
export interface UpFlags {
  port?: number;
  host?: string;
  namespace?: string;
  demo: boolean;
  only?: RoleName[];
}

/** Adds the options of `reprise up`, which `npm run dev` shares. */
export function upOptions(command: Command): Command {
  return command
    .option('--port <port>', 'port of the API and the page; 0: any (default: 3000)', port)
    .option('--host <address>', 'address that the API and the page listen on (default: 127.0.0.1)')
    .option('--namespace <name>', 'what all names in Redis begin with (default: REPRISE_NAMESPACE)')
    .option('--no-demo', 'do not play the demo')
    .option('--only <roles>', `start only these roles, separated by commas: ${roleNames.join(', ')}`, only);
}

/** Reads a port of a command line; 0 is any free one. */
export function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return value;
}

function only(text: string): RoleName[] {
  const asked = text.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => !roleNames.includes(name as RoleName));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`There is no role "${unknown}"; there are ${roleNames.join(', ')}.`);
  }
  return roleNames.filter((name) => asked.includes(name));
}
