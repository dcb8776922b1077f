import type { RecordSink } from './file.ts';
import type { WireMessage } from './wire.ts';

export interface SplitPlan {
  /** The file to write; with a limit, its name gets a number: trip-0001.mcap. */
  path: string;
  /** A new file begins at so many bytes, or so long after the one before. */
  sizeBytes?: number | undefined;
  durationMs?: number | undefined;
  create(path: string): Promise<RecordSink>;
}

/** A recording in one file after the other. */
export class SplitFile implements RecordSink {
  /** All files so far. */
  readonly paths: string[] = [];
  readonly #plan: SplitPlan;
  #file!: RecordSink;
  #beganMs = 0;
  #bytesBefore = 0;

  private constructor(plan: SplitPlan) {
    this.#plan = plan;
  }

  static async create(plan: SplitPlan): Promise<SplitFile> {
    const split = new SplitFile(plan);
    await split.#next();
    return split;
  }

  get bytes(): number {
    return this.#bytesBefore + this.#file.bytes;
  }

  get full(): boolean {
    return this.#file.full || this.#file.bytes >= (this.#plan.sizeBytes ?? Infinity);
  }

  add(message: WireMessage): void {
    this.#file.add(message);
  }

  async flush(): Promise<void> {
    await this.#file.flush();
    const { sizeBytes = Infinity, durationMs = Infinity } = this.#plan;
    if (this.#file.bytes < sizeBytes && Date.now() - this.#beganMs < durationMs) return;
    await this.#file.end();
    this.#bytesBefore += this.#file.bytes;
    await this.#next();
  }

  end(): Promise<void> {
    return this.#file.end();
  }

  async #next(): Promise<void> {
    const { path, sizeBytes, durationMs, create } = this.#plan;
    const numbered = sizeBytes !== undefined || durationMs !== undefined;
    const name = numbered ? withSuffix(path, String(this.paths.length + 1).padStart(4, '0')) : path;
    this.#file = await create(name);
    this.#beganMs = Date.now();
    this.paths.push(name);
  }
}

/** trip.mcap and 0001 are trip-0001.mcap. */
export function withSuffix(path: string, suffix: string): string {
  return path.replace(/((?:\.[a-z]+)(?:\.gz)?)$/i, `-${suffix}$1`);
}
