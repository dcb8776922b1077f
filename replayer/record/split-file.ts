import { lstat, rm } from 'node:fs/promises';
import type { RecordSink } from './mcap-sink.ts';
import type { WireMessage } from './wire-message.ts';

/** When a recording is split into several files. */
export interface SplitPlan {
  /** Path of the file. With a limit, each file's name gets a number: trip-0001.mcap. */
  path: string;
  /** Size at which a file is complete. */
  sizeBytes?: number | undefined;
  /** Time after its first message at which a file is complete. */
  durationMs?: number | undefined;
  create(path: string): Promise<RecordSink>;
}

/**
 * A recording in one file after the other. The first file is created at once, to show that it can be written; every other
 * one when its first message comes.
 */
export class SplitFile implements RecordSink {
  /** All files so far. */
  readonly paths: string[] = [];
  readonly #plan: SplitPlan;
  /** The present file; null between two files. */
  #file: RecordSink | null = null;
  /** Messages that came since the last file was complete. */
  #waiting: WireMessage[] = [];
  /** When the first message of the present file came, epoch ms. */
  #beganMs = Infinity;
  #bytesBefore = 0;
  #writtenBefore = 0;

  private constructor(plan: SplitPlan) {
    this.#plan = plan;
  }

  static async create(plan: SplitPlan): Promise<SplitFile> {
    const split = new SplitFile(plan);
    await split.#next();
    return split;
  }

  get bytes(): number {
    return this.#bytesBefore + (this.#file?.bytes ?? 0);
  }

  get written(): number {
    return this.#writtenBefore + (this.#file?.written ?? 0);
  }

  get full(): boolean {
    return this.#file ? this.#file.full || this.#isComplete() : this.#waiting.length > 0;
  }

  add(message: WireMessage): void {
    if (this.#beganMs === Infinity) this.#beganMs = Date.now();
    if (this.#file) this.#file.add(message);
    else this.#waiting.push(message);
  }

  async flush(): Promise<void> {
    if (this.#waiting.length > 0) {
      await this.#next();
      if (!this.#file!.full && !this.#isComplete()) return;
    }
    await this.#file?.flush();
    if (this.#isComplete()) await this.#endFile();
  }

  async end(): Promise<void> {
    if (this.#waiting.length > 0) await this.#next();
    if (this.#file) await this.#endFile();
  }

  async endAfterFailure(): Promise<void> {
    this.#waiting = [];
    await this.#file?.endAfterFailure();
    // A file without a message can't be read.
    if (this.#file?.written === 0) await removeFile(this.paths.pop()!);
  }

  #isComplete(): boolean {
    const { sizeBytes, durationMs } = this.#plan;
    if (!this.#file || this.#beganMs === Infinity) return false;
    if (sizeBytes !== undefined && this.#file.bytes >= sizeBytes) return true;
    return durationMs !== undefined && Date.now() - this.#beganMs >= durationMs;
  }

  async #next(): Promise<void> {
    const { path, sizeBytes, durationMs, create } = this.#plan;
    const numbered = sizeBytes !== undefined || durationMs !== undefined;
    const name = numbered ? withSuffix(path, String(this.paths.length + 1).padStart(4, '0')) : path;
    try {
      this.#file = await create(name);
    } catch (error) {
      await removeFile(name);
      throw error;
    }
    this.paths.push(name);
    for (const message of this.#waiting) this.#file.add(message);
    this.#waiting = [];
  }

  async #endFile(): Promise<void> {
    await this.#file!.end();
    this.#bytesBefore += this.#file!.bytes;
    this.#writtenBefore += this.#file!.written;
    this.#file = null;
    this.#beganMs = Infinity;
  }
}

/** Removes a file that could only be begun. A device is left alone. */
export async function removeFile(path: string): Promise<void> {
  const info = await lstat(path).catch(() => null);
  if (info?.isFile()) await rm(path, { force: true });
}

/** Puts a suffix before a path's endings: trip.ndjson.gz becomes trip-0001.ndjson.gz. */
export function withSuffix(path: string, suffix: string): string {
  return path.replace(/((?:\.[a-z]+)(?:\.gz)?)$/i, `-${suffix}$1`);
}
