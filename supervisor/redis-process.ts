import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { failure } from '../core/problems/errors.ts';

/** A Redis server that this process started and that answers. */
export interface RedisProcess {
  pid: number;
  port: number;
  url: string;
  /** Settles when the process has ended, with a word on how: a signal or an exit code. */
  ended: Promise<string>;
  /** Ends it in order: SIGTERM, then SIGKILL if it does not end. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface RedisOptions {
  /** The program; see redis-server.mjs. */
  program: string;
  port: number;
  /** Its data folder; made if it is missing. */
  dir: string;
}

/** The process that runs, or ran, on a data folder; noted beside the data. */
export interface RedisNote {
  pid: number;
  port: number;
}

export const noteFile = (dir: string) => join(dir, 'redis.json');

const POLL_MS = 10;
const STOP_LIMIT_MS = 5_000;

/**
 * Starts a Redis on loopback that keeps its data in `dir` through any crash of its own: each write reaches the
 * append-only file before its reply. It has a process group of its own, so that Ctrl-C in the terminal does not end it
 * before the processes that still write to it.
 * @throws failure `redis_failed` with the last line of its log
 */
export async function spawnRedis({ program, port, dir }: RedisOptions): Promise<RedisProcess> {
  mkdirSync(dir, { recursive: true });
  const child = spawn(program, redisArguments(port, dir), { stdio: 'ignore', detached: true });
  if (child.pid) writeFileSync(noteFile(dir), JSON.stringify({ pid: child.pid, port } satisfies RedisNote));
  let over = false;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  }).finally(() => (over = true));
  const end = async (signal: NodeJS.Signals) => {
    if (!over) child.kill(signal);
    const hard = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await ended;
    clearTimeout(hard);
  };
  while (!over && !(await answers(port, child.pid!))) await Promise.race([ended, pause(POLL_MS)]);
  if (over)
    throw failure(
      'redis_failed',
      `Redis could not be started on port ${port}: ${lastWords(dir) || (await ended)}.`,
    );
  return {
    pid: child.pid!,
    port,
    url: `redis://127.0.0.1:${port}`,
    ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** The process id of the Redis that listens on a port of loopback; null where none does, or where it wants a password. */
export async function redisPid(port: number): Promise<number | null> {
  const found = /process_id:(\d+)/.exec(await ask(port, 'INFO server\r\nQUIT\r\n'));
  return found ? Number(found[1]) : null;
}

function redisArguments(port: number, dir: string): string[] {
  const options = {
    port: `${port}`,
    bind: '127.0.0.1',
    dir,
    daemonize: 'no',
    logfile: join(dir, 'redis.log'),
    save: '',
    appendonly: 'yes',
    // `no`: the kernel has every write before Redis replies, so a killed Redis loses nothing, and a power cut up to 30 s.
    // `everysec` would hold writes back in the process while a sync is under way.
    appendfsync: 'no',
    // Logs are trimmed, so most of the file is soon out of date: with the default of 64 MB, a fast replay would have it
    // rewritten every second.
    'auto-aof-rewrite-min-size': '512mb',
  };
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Whether this process answers on the port and has loaded its data: another process may have the port. */
async function answers(port: number, pid: number): Promise<boolean> {
  const reply = await ask(port, 'INFO server\r\nPING\r\nQUIT\r\n');
  return reply.includes(`process_id:${pid}\r\n`) && reply.includes('+PONG');
}

/** The answer of the server on a port to inline commands that end in QUIT; '' where nothing listens. */
function ask(port: number, commands: string): Promise<string> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(commands));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.setEncoding('utf8').on('data', (text: string) => (reply += text));
    socket.on('error', () => {});
    socket.on('close', () => resolve(reply));
  });
}

function lastWords(dir: string): string {
  try {
    const line = readFileSync(join(dir, 'redis.log'), 'utf8').trim().split('\n').at(-1) ?? '';
    return line.replace(/^\d+:\S+ .*? [#*.-] /, '').replace(/\.$/, '');
  } catch {
    return '';
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
