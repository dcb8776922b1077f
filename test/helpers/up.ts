import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';
import { eventually } from './wait.ts';

/** A `reprise up` for one test, with its own data folder. */
export interface Up {
  child: ChildProcess;
  data: string;
  /** Its output so far, stdout and stderr together. */
  output(): string;
  /** Settles when the output matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends SIGINT to the whole process group, as Ctrl-C in a terminal does. Returns the exit code. */
  interrupt(): Promise<number | null>;
  /** The exit code, once the output is complete. */
  ended: Promise<number | null>;
}

const dying = new Set<ChildProcess>();
const folders = new Set<string>();

/** A folder that is removed after the tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-up-'));
  folders.add(folder);
  return folder;
}

/** Runs `command` (default: `node bin/reprise.js up`) with these arguments, as a person at a terminal does. */
export function startUp(
  args: string[],
  options: { data?: string; env?: NodeJS.ProcessEnv; command?: string[]; cwd?: string } = {},
): Up {
  const {
    data = temporaryFolder(),
    env = {},
    cwd = root,
    command = [process.execPath, 'bin/reprise.js', 'up'],
  } = options;
  const child = spawn(command[0]!, [...command.slice(1), ...args], {
    cwd,
    env: { ...process.env, REDIS_URL: '', REPRISE_API_KEY: '', LOG_LEVEL: '', REPRISE_DATA: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  dying.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close').then(([code]) => {
    dying.delete(child);
    return code as number | null;
  });
  return {
    child,
    data,
    ended,
    output: () => output,
    says: (pattern) =>
      eventually(
        `${String(pattern)} in\n${output}`,
        () => {
          const found = pattern.exec(output);
          if (!found && child.exitCode !== null) throw new Error(`It ended, saying:\n${output}`);
          return found;
        },
        60_000,
      ),
    interrupt() {
      process.kill(-child.pid!, 'SIGINT');
      return ended;
    },
  };
}

/** Ids of the processes with this text on their command line; zombies have none. */
export function processesWith(text: string): number[] {
  const others = (pid: number) => pid !== process.pid;
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['axo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
    return lines
      .filter((line) => line.includes(text))
      .map((line) => Number.parseInt(line, 10))
      .filter(others);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(text))
    .map(Number)
    .filter(others);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

// Leaves no process behind if the run breaks off.
process.on('exit', () => {
  for (const { pid } of dying) if (pid) process.kill(-pid, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
