import { lstatSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refusal } from '../../core/problems/errors.ts';
import type {
  Config,
  RecordingDescription,
  RecordingOptions,
  RecordingPreview,
  ReplayRequest,
} from '../../schemas/types.ts';
import { ARCHIVE_ENDINGS } from '../reading/archives/extract.ts';
import { describe } from '../files/describe.ts';
import { preview } from '../files/preview.ts';
import type { ReplaySource } from '../playing/recordings.ts';

/** A question for how a recording is read: its options, and how many records to show. */
export interface PreviewRequest extends RecordingOptions {
  records: number;
}

/** An entry of an archive. */
const ARCHIVE = new RegExp(`^[^/]+(${ARCHIVE_ENDINGS.map((ending) => `\\${ending}`).join('|')})/.`, 'i');

/** The folder whose recordings REST can name. */
export class RecordingsFolder {
  readonly #folder: string;
  readonly #channels: Config['channels'];
  /** By path, size and time of change. */
  readonly #descriptions = new Map<string, Promise<RecordingDescription>>();

  constructor(folder: string, channels: Config['channels']) {
    this.#folder = folder;
    this.#channels = channels;
  }

  /**
   * The file of a recording: a plain name in the folder, nothing outside of it; or a recording in an archive there, such as
   * `week.zip/monday.csv`. @throws refusal for another name
   */
  path(id: string): string {
    const isPlain = id.split('/').every((part) => /^[^\\\0]+$/.test(part) && part !== '..' && part !== '.');
    if (isPlain && !id.startsWith('.') && !id.includes('/')) return join(this.#folder, id);
    if (isPlain && !id.startsWith('.') && ARCHIVE.test(id)) {
      const archive = id.split('/', 1)[0]!;
      // A folder, or a link to one, would lead to files that are not recordings here.
      if (lstatSync(join(this.#folder, archive), { throwIfNoEntry: false })?.isFile())
        return join(this.#folder, id);
      throw unknown(id);
    }
    throw refusal('recording_name', `"${id.slice(0, 100)}" is not a valid name of a recording.`, {
      hint: 'It is a file name without folders, or that of an archive with the recording in it: week.zip/monday.csv.',
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
  preview({ id, records, ...options }: PreviewRequest): Promise<RecordingPreview> {
    return preview(this.path(id), { ...options, channels: this.#channels }, records);
  }

  /** What one reading of the whole recording finds; remembered until the file changes. @throws refusal where it is missing */
  async describe(id: string): Promise<RecordingDescription> {
    const path = this.path(id);
    const info = await stat(join(this.#folder, id.split('/', 1)[0]!)).catch(() => null);
    if (!info) throw unknown(id);
    const key = `${path} ${info.size} ${info.mtimeMs}`;
    let description = this.#descriptions.get(key);
    if (!description) {
      description = describe(path, { channels: this.#channels });
      description.catch(() => this.#descriptions.delete(key));
      this.#descriptions.set(key, description);
    }
    return description;
  }
}

const unknown = (id: string) =>
  refusal('recording_unknown', `No recording "${id.slice(0, 300)}".`, {
    hint: 'GET /api/v1/recordings lists them.',
  });
