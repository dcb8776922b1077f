import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepriseError } from '../problems/errors.ts';
import { refusal } from '../problems/errors.ts';

/** How many files the folder of recordings may hold, and how many bytes. */
export interface FolderLimits {
  recordings: number;
  recordingsBytes: number;
}

/** How many files are looked at together. */
const AT_ONCE = 64;

/** Keeps the folder of recordings within its bytes and files. What arrives counts from its first byte. */
export class RecordingsQuota {
  readonly #folder: string;
  readonly #limits: FolderLimits;
  /** Bytes that are arriving through this process. */
  #arriving = 0;

  constructor(folder: string, limits: FolderLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /**
   * How many bytes may arrive, without those that arrive already. `replaced`: the recording that will go, or null.
   * @throws refusal `recordings_full` where there are too many files
   */
  async room(replaced: string | null): Promise<number> {
    const names = await readdir(this.#folder);
    const files = names.filter((name) => !name.startsWith('.'));
    if (files.length >= this.#limits.recordings && (replaced === null || !files.includes(replaced)))
      throw refusal(
        'recordings_full',
        `The folder of recordings holds ${files.length} files, and may hold ${this.#limits.recordings}.`,
        { hint: 'Delete recordings, or raise REPRISE_MAX_RECORDINGS.' },
      );
    let bytes = 0;
    for (let at = 0; at < files.length; at += AT_ONCE) {
      const some = files.slice(at, at + AT_ONCE).map((name) => lstat(join(this.#folder, name)));
      // A file may go meanwhile.
      for (const found of await Promise.allSettled(some))
        if (found.status === 'fulfilled') bytes += found.value.size;
    }
    if (bytes >= this.#limits.recordingsBytes) throw this.full();
    return this.#limits.recordingsBytes - bytes;
  }

  /** Counts bytes that have arrived; false where all that arrive exceed the room. */
  take(bytes: number, room: number): boolean {
    this.#arriving += bytes;
    return this.#arriving <= room;
  }

  /** No longer counts bytes as arriving: they have arrived, or were refused. */
  release(bytes: number): void {
    this.#arriving -= bytes;
  }

  /** The refusal of bytes that find no room. */
  full(): RepriseError {
    return refusal(
      'recordings_full',
      `The folder of recordings may hold ${(this.#limits.recordingsBytes / 1e6).toFixed(1)} MB, and there is no room for this file.`,
      { hint: 'Delete recordings, or raise REPRISE_MAX_RECORDINGS_BYTES.' },
    );
  }
}
