import { readlinkSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** A live process touches its folder this often. */
const TOUCH_MS = 20_000;
/** A folder of another host is dead when nobody has touched it for this long. */
const DEAD_MS = 120_000;
const SWEEP_MS = 60_000;

/** What is in the folder: an upload, the output of a conversion, or files of an archive. */
type Kind = 'arriving' | 'converting' | 'unpacked';

/** `.arriving+<process id>+<host>+<id>`; and names of earlier releases, which did not tell their process. */
const NAME = /^\.(?:arriving|converting|unpacked)\+(\d+)\+([^+]*)\+/;
const EARLIER = /^\.(?:arriving|converting|before)-/;

/** When this process began, epoch ms; a file system may count whole seconds. */
const startedMs = Date.now() - process.uptime() * 1000 - 1_000;
const host = `${hostname()}${processNamespace()}`;

/** The beginning of the name of a work folder of this process. */
export const workFolderPrefix = (kind: Kind): string => `.${kind}+${process.pid}+${host}+`;

/**
 * A hidden folder inside another one, for files that take their place there once they are complete. Its name tells the
 * process that uses it, so that what a killed process leaves is found and removed by `sweepWorkFolders`.
 */
export class WorkFolder {
  readonly name: string;
  readonly path: string;
  readonly #timer: NodeJS.Timeout;

  private constructor(parent: string, name: string) {
    this.name = name;
    this.path = join(parent, name);
    this.#timer = setInterval(() => void touch(this.path), TOUCH_MS);
    this.#timer.unref();
  }

  /** Creates an empty one. `id` is part of its name: letters, digits and dashes. */
  static async create(parent: string, kind: Kind, id: string): Promise<WorkFolder> {
    const folder = new WorkFolder(parent, workFolderPrefix(kind) + id);
    try {
      // The process may have had this id before, in a container that was started again.
      await rm(folder.path, { recursive: true, force: true });
      await mkdir(folder.path, { recursive: true });
      return folder;
    } catch (error) {
      await folder.remove().catch(() => {});
      throw error;
    }
  }

  /** Whether this is the name of one that arrives, and nothing else. */
  static isName(name: string): boolean {
    return NAME.test(name) && !/[/\\\0]/.test(name);
  }

  /** Removes it with its files. */
  async remove(): Promise<void> {
    clearInterval(this.#timer);
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Removes the work folders that dead processes have left, now and once a minute. `swept` receives the names. */
export function sweepWorkFolders(
  parent: string,
  swept: (names: string[]) => void = () => {},
): { close(): void } {
  const sweep = () =>
    sweepOnce(parent)
      .then((names) => names.length > 0 && swept(names))
      .catch(() => {}); // The folder is away: it is swept when it is back.
  void sweep();
  const timer = setInterval(() => void sweep(), SWEEP_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

/** Removes what dead processes have left now, and returns the names. `now`: wall time, epoch ms. */
export async function sweepOnce(parent: string, now = Date.now()): Promise<string[]> {
  const swept: string[] = [];
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!(await isDead(path, name, now))) continue;
    await rm(path, { recursive: true, force: true });
    swept.push(name);
  }
  return swept;
}

async function isDead(path: string, name: string, now: number): Promise<boolean> {
  const [, pid, owner] = NAME.exec(name) ?? [];
  if (pid === undefined && !EARLIER.test(name)) return false;
  const info = await stat(path).catch(() => null);
  if (!info) return false;
  if (owner !== host) return now - info.mtimeMs > DEAD_MS;
  // A process before this one may have had the same id, in a container that was started again.
  return Number(pid) === process.pid ? info.mtimeMs < startedMs : !runs(Number(pid));
}

/** Ids of processes are unique within a namespace: containers with the name of their host have their own. */
function processNamespace(): string {
  try {
    return `.${/\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''}`;
  } catch {
    return '';
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}
