import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import type { Logger } from '../core/logging/log.ts';
import { countOnce } from '../core/figures/role-counters.ts';
import { announce, processInstance, retract } from '../core/redis/presence.ts';
import type { Redis } from '../core/redis/connection.ts';
import { RoleLog } from './role-log.ts';
import { RoleProcess, type Crash } from './role-process.ts';
import type { RoleName } from './roles.ts';
import type { Terminal } from './terminal.ts';

const FIRST: RoleName[] = ['replayer', 'api'];

/** Keeps the roles running, and tells the page and the terminal when one is not. */
export class Supervisor extends EventEmitter<{ ready: [role: RoleName, restarts: number] }> {
  readonly #redis: Redis;
  readonly #terminal: Terminal;
  readonly #log: Logger;
  readonly #roles: RoleProcess[];
  readonly #first: RoleProcess[];
  readonly #serving = new Set<RoleName>();

  /**
   * @param parts.flags the options of each role's command line
   * @param parts.silenceMs a role that shows no life for this long is started anew; 0: it may be silent
   * @param parts.reportsImports whether `roles` say which files they have imported
   */
  constructor(parts: {
    redis: Redis;
    roles: RoleName[];
    flags: string[];
    logs: string;
    log: Logger;
    terminal: Terminal;
    silenceMs: number;
    reportsImports?: boolean;
  }) {
    super();
    this.#redis = parts.redis;
    this.#terminal = parts.terminal;
    this.#log = parts.log;
    const events = {
      crashed: (crash: Crash) => this.#crashed(crash),
      ready: (role: RoleName, restarts: number) => this.#ready(role, restarts),
    };
    this.#roles = parts.roles.map((name) => {
      const log = new RoleLog(join(parts.logs, `${name}.log`), name, (text) =>
        parts.terminal.warn(name, text),
      );
      const { flags, silenceMs, reportsImports } = parts;
      return new RoleProcess(name, { flags, log, events, silenceMs, reportsImports });
    });
    const first = this.#roles.filter(({ name }) => FIRST.includes(name));
    this.#first = first.length > 0 ? first : this.#roles;
  }

  /**
   * Starts the roles: first those that the page's first event needs, then the others one by one. Together they would
   * take the processors from each other and from the browser.
   */
  start(): void {
    for (const role of this.#first) role.start();
    let before: Promise<unknown> = this.started();
    for (const role of this.#roles.filter((each) => !this.#first.includes(each))) {
      before = before.then(() => {
        role.start();
        return role.started;
      });
    }
  }

  /** Settles when each of the first roles serves or has ended once; answers those that do not serve. */
  started(): Promise<RoleName[]> {
    return whoDoesNotServe(this.#first);
  }

  /** The same for all roles. */
  allStarted(): Promise<RoleName[]> {
    return whoDoesNotServe(this.#roles);
  }

  /** Settles when the role serves; throws when the signal is aborted before. */
  async serving(role: RoleName, signal: AbortSignal): Promise<void> {
    while (!this.#serving.has(role)) await once(this, 'ready', { signal });
  }

  /** The roles' processes. */
  get roles(): readonly RoleProcess[] {
    return this.#roles;
  }

  /** Ends all roles in order, and kills those that have not ended after 5 s. */
  async stop(): Promise<void> {
    await Promise.all(this.#roles.map((role) => role.stop()));
  }

  kill(): void {
    for (const role of this.#roles) role.kill();
  }

  #crashed({ role, pid, message, restarts, delayMs }: Crash): void {
    this.#serving.delete(role);
    this.#log.critical({ service: role, restarts, delayMs }, message);
    this.#terminal.warn(role, `${message} Starting it again in ${delayMs / 1000} s.`);
    this.#tell(async () => {
      const instance = standIn(role);
      await announce(this.#redis, { name: role, role, state: 'restarting', instance, restarts, message });
      await countOnce(this.#redis, role, 'restarts');
      if (pid !== undefined) await retract(this.#redis, processInstance(role, pid));
    });
  }

  #ready(role: RoleName, restarts: number): void {
    this.#serving.add(role);
    this.emit('ready', role, restarts);
    if (restarts === 0) return;
    this.#log.info({ service: role, restarts }, `The ${role} process is back.`);
    this.#terminal.say(`The ${role} process is back.`);
    this.#tell(() => retract(this.#redis, standIn(role)));
  }

  /** Without Redis there is nobody to tell; when it is back, the roles themselves say how they are. */
  #tell(news: () => Promise<void>): void {
    if (this.#redis.status === 'ready') news().catch(() => {});
  }
}

/** The instance name under which the supervisor speaks for a role that is down. */
const standIn = (role: RoleName) => `supervisor:${role}`;

async function whoDoesNotServe(roles: RoleProcess[]): Promise<RoleName[]> {
  const started = await Promise.all(roles.map((role) => role.started));
  return roles.filter((_, i) => !started[i]).map(({ name }) => name);
}
