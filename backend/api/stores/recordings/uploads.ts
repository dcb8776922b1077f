import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RepriseError } from '../../../../core/problems/errors.ts';
import { refusal } from '../../../../core/problems/errors.ts';
import { placeFile } from '../../../../core/files/place-file.ts';
import { RecordingsQuota } from '../../../../core/files/recordings-quota.ts';
import { WorkFolder } from '../../../../core/files/work-folder.ts';
import type { Quotas } from '../../../../core/settings/settings.ts';
import type { Recording, RecordingDescription } from '../../../../schemas/types.ts';
import { tooLarge } from '../../http/problems.ts';
import { nameForUpload, sameNameKey } from './recording-names.ts';
import type { RecordingsFolder } from './recordings.ts';

/** A file that has arrived completely. Place it, or discard it. */
export interface Arrival {
  name: string;
  bytes: number;
  folder: WorkFolder;
}

/**
 * Takes files into the folder of recordings. A file arrives in a work folder beside the recordings and is described there;
 * it takes its place in one step, once it is known to be sound. One of several uploads of a name gets it.
 */
export class Uploads {
  readonly #recordings: RecordingsFolder;
  readonly #quotas: Quotas;
  readonly #quota: RecordingsQuota;

  constructor(recordings: RecordingsFolder, quotas: Quotas) {
    this.#recordings = recordings;
    this.#quotas = quotas;
    this.#quota = new RecordingsQuota(recordings.path, quotas);
  }

  /**
   * Stores the bytes of an upload aside. @throws refusal `recording_name`, `recording_exists`, `recordings_full`,
   * `body_too_large`; the error of the content, or of the disk
   */
  async receive(given: string, content: Readable, replace: boolean): Promise<Arrival> {
    const name = nameForUpload(given);
    const { endings, path } = this.#recordings;
    if (endings.formatOf(name) === null) {
      throw refusal('recording_name', `"${name}" does not have the extension of a recording.`, {
        hint: `Use ${endings.text}.`,
      });
    }
    await mkdir(path, { recursive: true });
    await this.#refuseTaken(name, replace);
    const room = await this.#quota.room(replace ? name : null);
    const folder = await WorkFolder.create(path, 'arriving', randomUUID());
    const arrival: Arrival = { name, bytes: 0, folder };
    try {
      const limited = this.#limited(arrival, content, room);
      await pipeline(limited, createWriteStream(join(folder.path, name), { flags: 'wx', flush: true }));
      return arrival;
    } catch (error) {
      await this.discard(arrival);
      throw error;
    }
  }

  /**
   * Has an arrival described, and gives it its place. Without a replayer it is kept without a description.
   * @throws refusal `recording_exists`, `recording_unplayable`, and what the replayer finds; failure `no_answer`
   */
  async place(arrival: Arrival, replace: boolean, signal: AbortSignal): Promise<Recording> {
    const { name } = arrival;
    try {
      const description = (await this.#recordings.isRead())
        ? await this.#describe(arrival, signal)
        : undefined;
      if (description?.records === 0) throw unplayable(name, description);
      signal.throwIfAborted();
      await this.#refuseTaken(name, replace);
      // Others may have been placed since this one began to arrive.
      if (arrival.bytes > (await this.#quota.room(replace ? name : null))) throw this.#quota.full();
      await this.#put(arrival, replace);
      return { ...(await this.#recordings.look(name))!, ...(description && { description }) };
    } finally {
      await this.discard(arrival);
    }
  }

  /** Removes what is left of an arrival. */
  async discard(arrival: Arrival): Promise<void> {
    this.#quota.release(arrival.bytes);
    arrival.bytes = 0;
    await arrival.folder.remove();
  }

  /** Ends as soon as the signal is aborted; the replayer stops when the file is gone. */
  async #describe({ name, folder }: Arrival, signal: AbortSignal): Promise<RecordingDescription> {
    const aborted = new Promise<never>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
    aborted.catch(() => {});
    return Promise.race([this.#recordings.describe(name, signal, folder.name), aborted]);
  }

  /** @throws refusal `recording_exists` where the name, or one that some file systems do not tell from it, is taken */
  async #refuseTaken(name: string, replace: boolean): Promise<void> {
    const { path } = this.#recordings;
    const key = sameNameKey(name);
    const there = (await readdir(path)).filter((each) => sameNameKey(each) === key);
    const other = there.find((each) => each !== name);
    if (other !== undefined) throw exists(other, 'Its name differs in case or in the form of letters only.');
    if (there.length === 0) return;
    if (!replace) throw exists(name);
    if (!(await lstat(join(path, name)).catch(() => null))?.isFile())
      throw exists(name, 'A link or a folder is not replaced.');
  }

  /** Moves the file into place in one step: readers find the old one or the new one. */
  async #put({ name, folder }: Arrival, replace: boolean): Promise<void> {
    const [from, to] = [join(folder.path, name), join(this.#recordings.path, name)];
    if (replace) await rename(from, to);
    else if (!(await placeFile(from, to))) throw exists(name);
  }

  /** Passes chunks on up to a size. Leaves the source open if it stops early, so that the caller can still be told why. */
  async *#limited(arrival: Arrival, content: Readable, room: number): AsyncGenerator<Buffer> {
    const { uploadBytes } = this.#quotas;
    for await (const chunk of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      arrival.bytes += chunk.length;
      const fits = this.#quota.take(chunk.length, room);
      if (arrival.bytes > uploadBytes) throw tooLarge(uploadBytes);
      if (!fits) throw this.#quota.full();
      yield chunk;
    }
  }
}

function exists(name: string, why?: string): RepriseError {
  return refusal('recording_exists', `A recording "${name}" exists already.${why ? ` ${why}` : ''}`, {
    hint: why ? 'Choose another name.' : 'Choose another name, or add ?replace=true.',
  });
}

function unplayable(name: string, { refused, refusals = [] }: RecordingDescription): RepriseError {
  const why = refusals.slice(0, 3).map(({ line, reason }) => `Line ${line}: ${reason}`);
  return refusal('recording_unplayable', `No row of ${name} can be played; ${refused} were refused.`, {
    hint: why.join(' ') || 'Check that the extension fits the format of the file.',
  });
}
