import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isProblem } from '../../core/problems/errors.ts';
import type { RecordingDescription } from '../../schemas/types.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { Readings } from './readings.ts';

/** An answer comes within this time, and says that the reading goes on if it does. */
const ANSWER_MS = 2_000;
/** A reading ends when nobody has asked for this long. */
const WANTED_MS = 10_000;
const KEPT_MAX = 1_000;

interface Description {
  done: Promise<RecordingDescription>;
  ending: AbortController;
  /** Ends the reading when nobody asks. */
  timer: NodeJS.Timeout | undefined;
}

/** What whoever asks is told: the description, or which process is still reading. */
export type DescriptionAnswer = { description: RecordingDescription } | { reader: string };

/** The descriptions of recordings. Each is made once for all who ask, and remembered until the file changes. */
export class Descriptions {
  readonly #readings: Readings;
  readonly #instance: string;
  readonly #known = new Map<string, Description>();

  constructor(readings: Readings, instance: string) {
    this.#readings = readings;
    this.#instance = instance;
  }

  /**
   * Answers within two seconds. Ask again after an answer without a description.
   * @param recording `path`: of the recording; `file`: the file on the disk that holds it
   * @throws refusal of the recording
   */
  async ask(
    recording: { id: string; path: string; file: string },
    options: OpenOptions,
  ): Promise<DescriptionAnswer> {
    const info = await stat(recording.file);
    // The inode: a recording keeps its description when it takes its place.
    const key = [recording.id, info.dev, info.ino, info.size, info.mtimeMs].join(' ');
    const found = this.#known.get(key) ?? this.#begin(key, recording, options);
    this.#want(found);
    const answer = await Promise.race([found.done, delay(ANSWER_MS, null, { ref: false })]);
    return answer ? { description: answer } : { reader: this.#instance };
  }

  #begin(key: string, { path, file }: { path: string; file: string }, options: OpenOptions): Description {
    const ending = new AbortController();
    const done = this.#readings.read({ path, options, records: null }, file, ending.signal);
    const description: Description = {
      done: done as Promise<RecordingDescription>,
      ending,
      timer: undefined,
    };
    description.done.then(
      () => this.#settle(description),
      (error: unknown) => {
        this.#settle(description);
        // What costs too much would cost it again.
        if (!isProblem(error, 'recording_costly')) this.#known.delete(key);
      },
    );
    this.#known.set(key, description);
    const oldest = this.#known.keys().next();
    if (this.#known.size > KEPT_MAX && !oldest.done) this.#known.delete(oldest.value);
    return description;
  }

  #want(description: Description): void {
    if (description.timer === undefined && description.ending.signal.aborted) return;
    clearTimeout(description.timer);
    description.timer = setTimeout(() => description.ending.abort(), WANTED_MS);
    description.timer.unref();
  }

  #settle(description: Description): void {
    clearTimeout(description.timer);
    description.timer = undefined;
  }
}
