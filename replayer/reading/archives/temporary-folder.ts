import { createWriteStream, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { workFolderPrefix } from '../../../core/files/work-folder.ts';

/** Folders that are there. Their paths are kept apart from their objects, which may be collected. */
const folders = new Set<string>();
const collected = new FinalizationRegistry<string>((path) => void remove(path));

/**
 * A folder for unpacked files. It goes with `remove`, or else when nobody holds the object any more, and at the latest
 * when the process ends: keep the object as long as its files are read.
 */
export class TemporaryFolder {
  readonly path: string;
  #files = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<TemporaryFolder> {
    if (folders.size === 0) process.once('exit', removeAll);
    const path = await mkdtemp(join(tmpdir(), workFolderPrefix('unpacked')));
    folders.add(path);
    const folder = new TemporaryFolder(path);
    collected.register(folder, path, folder);
    return folder;
  }

  /** Writes a file that keeps its name, whatever other files are called; returns its path. */
  async write(name: string, content: AsyncIterable<Buffer>): Promise<string> {
    const folder = join(this.path, String(++this.#files));
    await mkdir(folder);
    const path = join(folder, name);
    await pipeline(content, createWriteStream(path, { flags: 'wx' }));
    return path;
  }

  /** Removes the folder and its files. */
  async remove(): Promise<void> {
    collected.unregister(this);
    await remove(this.path);
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true }).catch(() => {});
  folders.delete(path);
  if (folders.size === 0) process.removeListener('exit', removeAll);
}

function removeAll(): void {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
}
