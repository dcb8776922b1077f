import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { root } from '../core/runtime/root.mjs';
import { Backoff } from './backoff.ts';
import type { RoleLog } from './role-log.ts';
import { Heartbeat } from './heartbeat.ts';
import { END, PULSE, type RoleName } from './roles.ts';

/** A role's process that ended unexpectedly. */
export interface Crash {
  role: RoleName;
  pid: number | undefined;
  /** How it ended, and its last message. */
  message: string;
  /** How often it has been started again, including this time. */
  restarts: number;
  /** The wait before it is started again. */
  delayMs: number;
}

export interface RoleEvents {
  crashed(crash: Crash): void;
  /** The role serves, for the first time (0 restarts) or again. */
  ready(role: RoleName, restarts: number): void;
}

/** What a role's process says to its supervisor. */
interface RoleMessage {
  /** It serves. */
  ready?: true;
  /** Node's own report of the files it imports, as URLs: `node --watch` works by it. */
  'watch:import'?: string[];
}

const STOP_LIMIT_MS = 5_000;
/** The pipe in which a process shows that it is alive. */
const PULSE_FD = 4;
/** Problem codes of a process that ended itself because it stood still. */
const STUCK: ReadonlySet<string | undefined> = new Set(['event_stuck', 'loop_stuck']);
/** Tells Node to report imports. */
const REPORT_IMPORTS = 'WATCH_REPORT_DEPENDENCIES';
const NOTHING: ReadonlySet<string> = new Set();

/** Runs one role as a process, and starts it again with back-off when it ends, until it is stopped. */
export class RoleProcess {
  readonly name: RoleName;
  readonly #flags: string[];
  readonly #log: RoleLog;
  readonly #events: RoleEvents;
  readonly #stop = new AbortController();
  readonly #backoff = new Backoff();
  readonly #silenceMs: number;
  readonly #imports: Set<string> | null;
  /** Ends the wait before the next start. */
  #hurry = new AbortController();
  #restarting = false;
  #child: ChildProcess | null = null;
  #restarts = 0;
  #running: Promise<void> = Promise.resolve();
  /** Settles when the first process serves (true) or has ended (false). */
  readonly started: Promise<boolean>;
  #settle: (serves: boolean) => void = () => {};

  /**
   * @param parts.silenceMs a process that shows no life for this long is ended; 0: it may be silent
   * @param parts.reportsImports whether `imports` is kept up
   */
  constructor(
    name: RoleName,
    parts: {
      flags: string[];
      log: RoleLog;
      events: RoleEvents;
      silenceMs: number;
      reportsImports?: boolean;
    },
  ) {
    this.name = name;
    this.#imports = parts.reportsImports ? new Set() : null;
    this.#flags = parts.flags;
    this.#log = parts.log;
    this.#silenceMs = parts.silenceMs;
    this.#events = parts.events;
    this.started = new Promise((resolve) => (this.#settle = resolve));
  }

  start(): void {
    this.#running = this.#run();
  }

  /** The files that the present process has imported; empty unless it reports them. */
  get imports(): ReadonlySet<string> {
    return this.#imports ?? NOTHING;
  }

  /** Starts the role anew at once; the present process closes first and hands its work over. */
  restart(): void {
    this.#hurry.abort();
    if (!this.#child || this.#restarting) return;
    this.#restarting = true;
    const child = this.#child;
    child.kill('SIGTERM');
    const hard = setTimeout(() => this.#child === child && this.#killGroup(), STOP_LIMIT_MS);
    child.once('exit', () => clearTimeout(hard));
  }

  /** Ends the role for good: in order, or by SIGKILL after 5 s. */
  async stop(): Promise<void> {
    this.#stop.abort();
    // SIGTERM would hand its work over to another process.
    this.#child?.send(END, (error) => error && this.#child?.kill('SIGTERM'));
    const hard = setTimeout(() => this.kill(), STOP_LIMIT_MS);
    await this.#running;
    clearTimeout(hard);
    this.#log.close();
  }

  /** Ends the role at once, with everything it has started. */
  kill(): void {
    this.#stop.abort();
    this.#killGroup();
  }

  #killGroup(): void {
    if (this.#child?.pid) process.kill(-this.#child.pid, 'SIGKILL');
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#hurry = new AbortController();
      const { how, pid, servedMs, isSilent } = await this.#live();
      if (this.#stop.signal.aborted) return;
      if (this.#restarting) {
        this.#restarting = false;
        continue;
      }
      const words = this.#log.takeLastWords();
      // It served well until then, and is to leave out what it was stuck in.
      const isStuck = isSilent || STUCK.has(words.code);
      const delayMs = isStuck ? this.#backoff.first() : this.#backoff.next(servedMs);
      const reason = isSilent || words.message === '' ? '' : `: ${words.message.replace(/[.\s]*$/, '')}`;
      const message = `The ${this.name} process ended (${how})${reason}.`;
      this.#events.crashed({ role: this.name, pid, message, restarts: ++this.#restarts, delayMs });
      const signal = AbortSignal.any([this.#stop.signal, this.#hurry.signal]);
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Runs one process from its start to its end. */
  async #live(): Promise<{ how: string; pid: number | undefined; servedMs: number; isSilent: boolean }> {
    const args = [join(root, 'bin', 'reprise.js'), 'serve', this.name, PULSE, `${PULSE_FD}`, ...this.#flags];
    // It gets a process group of its own, so that Ctrl-C reaches only the supervisor, which ends the roles in order. When
    // the supervisor is killed, the broken channel ends them.
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
      detached: true,
      // eslint-disable-next-line no-restricted-properties -- handed on, not read
      env: { ...process.env, ...(this.#imports && { [REPORT_IMPORTS]: '1' }) },
    });
    this.#child = child;
    this.#imports?.clear();
    let readyMs = Infinity;
    let silentMs = 0;
    const heartbeat = new Heartbeat(child.stdio[PULSE_FD] as Readable, this.#silenceMs, (ms) => {
      silentMs = ms;
      this.#killGroup();
    });
    child.on('message', (message: RoleMessage) => {
      for (const url of message['watch:import'] ?? [])
        if (url.startsWith('file:')) this.#imports?.add(fileURLToPath(url));
      if (!message.ready) return;
      readyMs = performance.now();
      this.#settle(true);
      this.#events.ready(this.name, this.#restarts);
    });
    const streams = Promise.all([this.#log.follow(child.stdout!), this.#log.follow(child.stderr!)]);
    const ended = await new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      child.once('error', (error) => resolve(error.message));
    });
    heartbeat.close();
    await streams;
    this.#child = null;
    this.#settle(false);
    const how = silentMs > 0 ? `it did not answer for ${Math.round(silentMs / 1000)} s` : ended;
    const servedMs = Math.max(0, performance.now() - readyMs);
    return { how, pid: child.pid, servedMs, isSilent: silentMs > 0 && readyMs < Infinity };
  }
}
