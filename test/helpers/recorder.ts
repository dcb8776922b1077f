import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from './wait.ts';

const bin = fileURLToPath(new URL('../../bin/reprise.js', import.meta.url));
const recorders = new Set<ChildProcess>();

/** Exit code and output of a command. */
interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The members of the report of `reprise record --json` that tests assert. */
interface Report {
  files: string[];
  messages: number;
  filled: number;
  lost: number;
  atTimeHeard: number;
  stopped: string;
}

/** Runs `reprise` with these arguments on a Redis, to its end. */
export function runReprise(redisUrl: string, args: string[]): Promise<Result> {
  const env = { ...process.env, REDIS_URL: redisUrl };
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, ...args], { env, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** Starts `reprise record` and waits until it listens. `end` stops it and returns its report. */
export async function startRecorder(redisUrl: string, args: string[]) {
  const env = { ...process.env, REDIS_URL: redisUrl };
  const child = spawn(process.execPath, [bin, 'record', '--json', ...args], { env });
  recorders.add(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const exited = new Promise<Result>((resolve) =>
    child.once('exit', (code) => {
      recorders.delete(child);
      resolve({ code, stdout, stderr });
    }),
  );
  await eventually('the recorder', () => stderr.includes('Recording'));
  return {
    child,
    exited,
    said: () => stderr,
    async end(signal: NodeJS.Signals | null = 'SIGINT'): Promise<{ code: number | null; report: Report }> {
      if (signal) child.kill(signal);
      const { code, stdout } = await exited;
      return { code, report: JSON.parse(stdout) as Report };
    },
  };
}

/** Kills the recorders that a failed test has left running. */
export function killRecorders(): void {
  for (const child of recorders) child.kill('SIGKILL');
}

/** Rows for a channel, 7 ms apart and numbered from `from`. A JSON parser would write their data differently. */
export function recordedRows(count: number, from = 0) {
  return Array.from({ length: count }, (_, i) => ({
    timeMs: 1_577_218_887_000 + (from + i) * 7 + 0.25,
    subject: `truck-${i % 3}`,
    data: `{"n":${from + i},"note":"caf\u00e9 \\u00e9","x":1.50}`,
  }));
}
