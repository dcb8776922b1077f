import type { Problem, Recording } from '../../../../schemas/types.ts';
import { api, problemOf } from '../live/api.ts';

/** A file that is uploaded to become a recording. */
export interface Upload {
  readonly id: number;
  readonly file: File;
  stage: 'uploading' | 'reading' | 'done' | 'exists' | 'failed';
  /** Share of bytes sent, 0 to 1. */
  progress: number;
  /** The recording with its description, after the upload. */
  recording?: Recording;
  problem?: Problem;
  readonly abort: AbortController;
}

const isRunning = ({ stage }: Upload): boolean => stage === 'uploading' || stage === 'reading';

/** Uploads files one after another, and calls `arrived` with each new recording. */
export class Uploads {
  list = $state<Upload[]>([]);
  #next = 1;
  #last: Promise<void> = Promise.resolve();
  readonly #arrived: (recording: Recording) => void;

  constructor(arrived: (recording: Recording) => void) {
    this.#arrived = arrived;
  }

  add(files: readonly File[]): void {
    for (const file of files) {
      const id = this.#next++;
      const upload: Upload = { id, file, stage: 'uploading', progress: 0, abort: new AbortController() };
      // A new upload replaces the outcome of an earlier one with the same name.
      this.list = [upload, ...this.list.filter((each) => each.file.name !== file.name || isRunning(each))];
      this.send(this.list[0] as Upload);
    }
  }

  /** Uploads a file, or retries its upload. */
  send(upload: Upload, replace = false): void {
    Object.assign(upload, { stage: 'uploading', progress: 0, problem: undefined });
    this.#last = this.#last.then(() => this.#send(upload, replace));
  }

  /** Removes an upload from the list, and cancels it if it is running. */
  dismiss(upload: Upload): void {
    upload.abort.abort(new Error('dismissed'));
    this.list = this.list.filter(({ id }) => id !== upload.id);
  }

  async #send(upload: Upload, replace: boolean): Promise<void> {
    const progress = (share: number): void => {
      upload.progress = share;
      if (share >= 1) upload.stage = 'reading';
    };
    try {
      const recording = await api.upload(upload.file, replace, progress, upload.abort.signal);
      Object.assign(upload, { stage: 'done', recording });
      this.#arrived(recording);
    } catch (error) {
      const problem = problemOf(error);
      Object.assign(upload, { stage: problem.code === 'recording_exists' ? 'exists' : 'failed', problem });
    }
  }
}
