import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isProblem, refusal } from '../../../../core/problems/errors.ts';
import type {
  Recording,
  RecordingDescription,
  RecordingOptions,
  RecordingPreview,
} from '../../../../schemas/types.ts';
import type { Replayers } from '../replayers.ts';
import { RecordingEndings } from './recording-endings.ts';
import { checkEntry, checkName, invalidName, isPlainName } from './recording-names.ts';

/** A replayer answers within this time: with the description, or that it is still reading. */
const ANSWER_MS = 15_000;
/** How often another replayer is asked after one has gone. */
const REPLAYERS_MAX = 3;
/** Longer than a reading may take by default, with its wait for a thread. */
const PREVIEW_MS = 600_000;

/** What a replayer answers to a question for a description. */
type DescriptionAnswer = { description: RecordingDescription } | { reader: string };

/** The folder of recordings. File names that lead out of it are refused. */
export class RecordingsFolder {
  readonly path: string;
  readonly endings: RecordingEndings;
  readonly #replayers: Replayers;

  constructor(path: string, replayers: Replayers, endings = new RecordingEndings()) {
    this.path = path;
    this.#replayers = replayers;
    this.endings = endings;
  }

  /** All recordings, sorted by name, without descriptions. */
  async list(): Promise<Recording[]> {
    const entries = await readdir(this.path, { withFileTypes: true }).catch(() => []);
    const names = entries
      .filter((entry) => entry.isFile() && this.#isRecording(entry.name))
      .map(({ name }) => name);
    const found = await Promise.all(names.sort().map((name) => this.look(name)));
    return found.filter((recording) => recording !== null);
  }

  /**
   * One recording, without a description. `week.zip/monday.csv` is a recording in an archive: it has the size and the time
   * of the archive; whether it is there, only its description tells. @throws refusal `recording_name`, `recording_unknown`
   */
  async get(id: string): Promise<Recording> {
    const slash = id.indexOf('/');
    if (slash === -1) return this.file(id);
    const [archive, entry] = [id.slice(0, slash), checkEntry(id, slash)];
    if (!this.endings.isArchive(archive)) throw invalidName(id);
    return { ...(await this.file(archive)), id, format: this.endings.formatOf(entry) ?? 'unknown' };
  }

  /** A recording that is a file of its own. @throws refusal `recording_name`, `recording_unknown` */
  async file(id: string): Promise<Recording> {
    const slash = id.indexOf('/');
    if (slash > 0 && this.endings.isArchive(id.slice(0, slash))) {
      const { id: archive } = await this.file(id.slice(0, slash));
      throw refusal('recording_name', `${id.slice(0, 300)} is a part of an archive, not a file.`, {
        hint: `Name the whole archive, ${archive}; or convert the recording to a file of its own.`,
      });
    }
    const found = this.#isRecording(checkName(id)) && (await this.look(id));
    if (found) return found;
    throw refusal('recording_unknown', `There is no recording "${id}".`, {
      hint: 'GET /api/v1/recordings lists them.',
    });
  }

  /** A regular file of the folder, and no link; null where there is none. */
  async look(name: string): Promise<Recording | null> {
    const info = await lstat(join(this.path, name)).catch(() => null);
    if (!info?.isFile()) return null;
    const format = this.endings.formatOf(name) ?? 'unknown';
    return { id: name, format, bytes: info.size, modified: info.mtime.toISOString() };
  }

  /**
   * Describes a recording from one pass over the whole file, or one that arrives in this work folder. The replayer stops
   * when nobody asks any more: `signal` ends the asking.
   * @throws refusal of the replayer; failure `no_answer`; the reason of the signal
   */
  async describe(id: string, signal: AbortSignal, arriving?: string): Promise<RecordingDescription> {
    let reader: string | undefined;
    for (let gone = 0; ;) {
      signal.throwIfAborted();
      try {
        const answer = await this.#replayers.ask<DescriptionAnswer>(
          'describe',
          { id, arriving },
          ANSWER_MS,
          reader,
        );
        if ('description' in answer) return answer.description;
        reader = answer.reader;
      } catch (error) {
        // Another replayer may read what this one had begun.
        if (!reader || !isProblem(error, 'no_answer') || ++gone === REPLAYERS_MAX) throw error;
        reader = undefined;
      }
    }
  }

  /** Whether a replayer is there to read recordings. */
  isRead(): Promise<boolean> {
    return this.#replayers.isThere();
  }

  /** Tells how a recording is read with these options, with its first records. @throws refusal of the replayer, failure `no_answer` */
  async preview(
    id: string,
    options: Omit<RecordingOptions, 'id'>,
    records: number,
  ): Promise<RecordingPreview> {
    await this.get(id);
    return this.#replayers.ask<RecordingPreview>('preview', { ...options, id, records }, PREVIEW_MS);
  }

  /** Deletes a recording. @throws refusal `recording_name`, `recording_unknown` */
  async remove(id: string): Promise<void> {
    await this.file(id);
    // Another request may have been faster: it is gone in either case.
    await rm(join(this.path, id), { force: true });
  }

  /** The streets that belong to the recordings (GeoJSON); null if there are none. @throws failure `streets_unreadable` */
  async streets(): Promise<unknown> {
    const names = await readdir(this.path).catch(() => []);
    const name = names.sort().find((each) => each.endsWith('.streets.geojson') && !each.startsWith('.'));
    if (!name) return null;
    try {
      return JSON.parse(await readFile(join(this.path, name), 'utf8')) as unknown;
    } catch (cause) {
      throw failure('streets_unreadable', `${name} can't be read as GeoJSON.`, { cause });
    }
  }

  #isRecording(name: string): boolean {
    return isPlainName(name) && this.endings.formatOf(name) !== null;
  }
}
