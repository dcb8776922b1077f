import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { WorkFolder } from '../../core/files/work-folder.ts';
import { refusal } from '../../core/problems/errors.ts';
import type { Config, RecordingOptions, RecordingPreview, ReplayRequest } from '../../schemas/types.ts';
import { ARCHIVE_ENDINGS } from '../reading/archives/extract.ts';
import type { OpenOptions } from '../reading/open-options.ts';
import type { ReplaySource } from '../playing/recordings.ts';
import { Descriptions, type DescriptionAnswer } from './descriptions.ts';
import type { Readings } from './readings.ts';

/** Longer than any reading takes by default; whoever asked has gone by then. */
const PREVIEW_MS = 600_000;

/** A question for how a recording is read: its options, and how many records to show. */
export interface PreviewRequest extends RecordingOptions {
  records: number;
}

/** An entry of an archive. */
const ARCHIVE = new RegExp(`^[^/]+(${ARCHIVE_ENDINGS.map((ending) => `\\${ending}`).join('|')})/.`, 'i');

/** The folder whose recordings REST can name. A recording is a regular file in it: a link is none, as for the API. */
export class RecordingsFolder {
  readonly #folder: string;
  readonly #options: OpenOptions;
  readonly #readings: Readings;
  readonly #descriptions: Descriptions;

  constructor(
    folder: string,
    parts: { channels: Config['channels']; unpackedMaxBytes: number; instance: string; readings: Readings },
  ) {
    this.#folder = folder;
    this.#options = { channels: parts.channels, unpackedMaxBytes: parts.unpackedMaxBytes };
    this.#readings = parts.readings;
    this.#descriptions = new Descriptions(parts.readings, parts.instance);
  }

  /**
   * The file of a recording: a plain name in the folder, nothing outside of it; or a recording in an archive there, such as
   * `week.zip/monday.csv`. @throws refusal for another name, or one of a link or a folder
   */
  path(id: string): string {
    const { path, file } = this.#located(id);
    const info = lstatSync(file, { throwIfNoEntry: false });
    // A folder, or a link, would lead to files that are not recordings here.
    if (info ? info.isFile() : path === file) return path;
    throw unknown(id);
  }

  /** The path of a recording that does not exist yet. @throws refusal `recording_exists`, `recording_name` */
  newPath(id: string): string {
    const { path, file } = this.#located(id);
    if (path !== file) throw badName(id);
    if (!lstatSync(path, { throwIfNoEntry: false })) return path;
    throw refusal('recording_exists', `There is a recording "${id}" already.`, {
      hint: 'Choose another name.',
    });
  }

  /** The recordings of a request. @throws refusal for a name that is not valid */
  sources({ recordings }: ReplayRequest): ReplaySource[] {
    return recordings.map((recording) => {
      const options = typeof recording === 'string' ? { id: recording } : recording;
      return { ...options, path: this.path(options.id) };
    });
  }

  /** How a recording is read with these options, and its first records. @throws refusal where it is missing or can't be played so */
  async preview({ id, records, ...options }: PreviewRequest): Promise<RecordingPreview> {
    const path = this.path(id);
    const order = { path, options: { ...options, ...this.#options }, records };
    const signal = AbortSignal.timeout(PREVIEW_MS);
    return (await this.#readings.read(order, this.#located(id).file, signal)) as RecordingPreview;
  }

  /**
   * What one reading of the whole recording finds. `arriving`: the work folder that holds it, while it is uploaded.
   * @throws refusal where it is missing or can't be read
   */
  async describe({ id, arriving }: { id: string; arriving?: string }): Promise<DescriptionAnswer> {
    if (arriving !== undefined) {
      if (!WorkFolder.isName(arriving) || id.includes('/')) throw badName(id);
      const path = join(this.#folder, arriving, id);
      return this.#descriptions.ask({ id, path, file: path }, this.#options);
    }
    const { file } = this.#located(id);
    return this.#descriptions.ask({ id, path: this.path(id), file }, this.#options);
  }

  /** The path of a recording, and the file that holds it. @throws refusal for a name that is not valid */
  #located(id: string): { path: string; file: string } {
    const parts = id.split('/');
    const isPlain =
      parts.every((part) => /^[^\\\0]+$/.test(part) && part !== '..' && part !== '.') && !id.startsWith('.');
    if (!isPlain || (parts.length > 1 && !ARCHIVE.test(id))) throw badName(id);
    return { path: join(this.#folder, id), file: join(this.#folder, parts[0]!) };
  }
}

const badName = (id: string) =>
  refusal('recording_name', `"${id.slice(0, 100)}" is not a valid name of a recording.`, {
    hint: 'It is a file name without folders, or that of an archive with the recording in it: week.zip/monday.csv.',
  });

const unknown = (id: string) =>
  refusal('recording_unknown', `No recording "${id.slice(0, 300)}".`, {
    hint: 'GET /api/v1/recordings lists them.',
  });
