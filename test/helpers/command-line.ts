import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { root } from '../../core/runtime/root.mjs';

const bin = fileURLToPath(new URL('../../bin/reprise.js', import.meta.url));
const program = fileURLToPath(new URL('command-process.mjs', import.meta.url));

/** What a command did. */
export interface CommandResult {
  /** 0 done, 1 failed, 2 bad usage, 3 data lost or rejected. */
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs command lines of Reprise, as a user gives them in the root of the project, one after the other in one process. */
export class CommandLine {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(env: NodeJS.ProcessEnv = {}): Promise<CommandLine> {
    const child = fork(program, [], { execArgv: [], cwd: root, env: { ...process.env, ...env } });
    await once(child, 'message');
    return new CommandLine(child);
  }

  /** Runs one command; `args` are those after `reprise`. */
  async run(...args: string[]): Promise<CommandResult> {
    const done = new AbortController();
    const { signal } = done;
    const answered = once(this.#child, 'message', { signal });
    const ended = once(this.#child, 'exit', { signal });
    this.#child.send(args);
    try {
      const [result] = (await Promise.race([answered, ended])) as [CommandResult | number | null];
      if (typeof result === 'object' && result !== null) return result;
      throw new Error(`The process ended with ${result} while it ran ${args.join(' ')}`);
    } finally {
      done.abort();
      await Promise.allSettled([answered, ended]);
    }
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

/** Runs one command in a process of its own, with standard input. */
export async function runCommand(
  args: string[],
  { input = '', env = {} }: { input?: string | Uint8Array; env?: NodeJS.ProcessEnv } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [bin, ...args], { cwd: root, env: { ...process.env, ...env } });
  const result = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (result[name] += text));
  child.stdin.on('error', () => {}); // A command may end before it has read all.
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...result };
}
