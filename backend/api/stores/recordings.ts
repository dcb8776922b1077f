import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RepriseError } from '../../../core/problems/errors.ts';
import { failure, isProblem, refusal } from '../../../core/problems/errors.ts';
import type {
  Recording,
  RecordingDescription,
  RecordingOptions,
  RecordingPreview,
} from '../../../schemas/types.ts';
import { tooLarge } from '../http/problems.ts';
import { RecordingEndings } from './recording-endings.ts';
import type { Replayers } from './replayers.ts';

const DESCRIBE_MS = 60_000;
const NAME = /^[\p{L}\p{N}_(][\p{L}\p{N} ._()+,@=&-]{0,127}$/u;
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
/** Files that belong to recordings but are not recordings. */
const BESIDE = /\.(truth\.json|streets\.geojson)$/i;

/** The folder of recordings. File names that lead out of it are refused. */
export class RecordingsFolder {
  readonly path: string;
  readonly #replayers: Replayers;
  readonly #maxBytes: number;
  readonly #endings: RecordingEndings;

  constructor(path: string, replayers: Replayers, maxBytes: number, endings = new RecordingEndings()) {
    this.path = path;
    this.#replayers = replayers;
    this.#maxBytes = maxBytes;
    this.#endings = endings;
  }

  /** All recordings, sorted by name, without descriptions. */
  async list(): Promise<Recording[]> {
    const entries = await readdir(this.path, { withFileTypes: true }).catch(() => []);
    const names = entries
      .filter((entry) => entry.isFile() && this.#isRecording(entry.name))
      .map(({ name }) => name);
    const found = await Promise.all(names.sort().map((name) => this.#look(name)));
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
    if (!this.#endings.isArchive(archive)) throw invalidName(id);
    return { ...(await this.file(archive)), id, format: this.#endings.formatOf(entry) ?? 'unknown' };
  }

  /** A recording that is a file of its own. @throws refusal `recording_name`, `recording_unknown` */
  async file(id: string): Promise<Recording> {
    const slash = id.indexOf('/');
    if (slash > 0 && this.#endings.isArchive(id.slice(0, slash))) {
      const { id: archive } = await this.file(id.slice(0, slash));
      throw refusal('recording_name', `${id.slice(0, 300)} is a part of an archive, not a file.`, {
        hint: `Name the whole archive, ${archive}; or convert the recording to a file of its own.`,
      });
    }
    const found = this.#isRecording(checkName(id)) && (await this.#look(id));
    if (found) return found;
    throw refusal('recording_unknown', `There is no recording "${id}".`, {
      hint: 'GET /api/v1/recordings lists them.',
    });
  }

  /** Describes a recording from one pass over the whole file. @throws refusal of the replayer, failure `no_answer` */
  describe(id: string): Promise<RecordingDescription> {
    return this.#replayers.ask<RecordingDescription>('describe', { id }, DESCRIBE_MS);
  }

  /** Tells how a recording is read with these options, with its first records. @throws refusal of the replayer, failure `no_answer` */
  async preview(
    id: string,
    options: Omit<RecordingOptions, 'id'>,
    records: number,
  ): Promise<RecordingPreview> {
    await this.get(id);
    return this.#replayers.ask<RecordingPreview>('preview', { ...options, id, records }, DESCRIBE_MS);
  }

  /** Deletes a recording. @throws refusal `recording_name`, `recording_unknown` */
  async remove(id: string): Promise<void> {
    await this.file(id);
    await rm(join(this.path, id));
  }

  /**
   * Stores an upload. It becomes visible once it has arrived completely and a row of it can be played.
   * @throws refusal `recording_name`, `recording_exists`, `body_too_large`, `recording_unplayable`
   */
  async receive(name: string, content: Readable, replace: boolean): Promise<Recording> {
    if (this.#endings.formatOf(checkName(name)) === null) {
      throw refusal('recording_name', `"${name}" does not have the extension of a recording.`, {
        hint: `Use ${this.#endings.text}.`,
      });
    }
    if (BESIDE.test(name))
      throw refusal('recording_name', `"${name}" is a name for a file that belongs to a recording.`);
    if (!replace && (await this.#look(name))) throw exists(name);
    await mkdir(this.path, { recursive: true });
    const arriving = join(this.path, `.arriving-${randomUUID()}`);
    try {
      await pipeline(limited(content, this.#maxBytes), createWriteStream(arriving, { flags: 'wx' }));
      return await this.#keep(arriving, name, replace);
    } finally {
      await rm(arriving, { force: true });
    }
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

  /** Moves the file into place and has it described. If no row of it can be played, the file before it is restored. */
  async #keep(arriving: string, name: string, replace: boolean): Promise<Recording> {
    const path = join(this.path, name);
    const before = join(this.path, `.before-${randomUUID()}`);
    if (!replace && (await this.#look(name))) throw exists(name);
    const replaced = await rename(path, before).then(
      () => true,
      () => false,
    );
    try {
      await rename(arriving, path);
      const description = await this.describe(name).catch((error: unknown) => {
        // No replayer is running, so the file is kept without a description.
        if (isProblem(error, 'no_answer')) return undefined;
        throw error;
      });
      if (description?.records === 0) throw unplayable(name, description);
      if (replaced) await rm(before, { force: true });
      return { ...(await this.#look(name))!, ...(description && { description }) };
    } catch (error) {
      await rm(path, { force: true });
      if (replaced) await rename(before, path);
      throw error;
    }
  }

  #isRecording(name: string): boolean {
    return NAME.test(name) && this.#endings.formatOf(name) !== null && !BESIDE.test(name);
  }

  async #look(name: string): Promise<Recording | null> {
    const info = await lstat(join(this.path, name)).catch(() => null);
    if (!info?.isFile()) return null;
    const format = this.#endings.formatOf(name) ?? 'unknown';
    return { id: name, format, bytes: info.size, modified: info.mtime.toISOString() };
  }
}

function checkName(name: string): string {
  if (NAME.test(name) && !RESERVED.test(name) && !/[. ]$/.test(name)) return name;
  throw invalidName(name);
}

/** The entry that an id names in an archive: a path that does not lead out of it. */
function checkEntry(id: string, slash: number): string {
  const entry = id.slice(slash + 1);
  const isPlain = entry.split('/').every((part) => /^[^\\\0]+$/.test(part) && part !== '.' && part !== '..');
  if (isPlain) return entry;
  throw invalidName(id);
}

function invalidName(name: string): RepriseError {
  return refusal(
    'recording_name',
    `${JSON.stringify(name.slice(0, 140))} is not a valid name of a recording.`,
    {
      hint: 'Use a plain file name of at most 128 characters: letters, digits, space and . _ - ( ) + , @ = &; no folders, no leading dot. Only a recording in an archive is named with it: week.zip/monday.csv.',
    },
  );
}

function exists(name: string): RepriseError {
  return refusal('recording_exists', `A recording "${name}" exists already.`, {
    hint: 'Choose another name, or add ?replace=true.',
  });
}

function unplayable(name: string, { refused, refusals = [] }: RecordingDescription): RepriseError {
  const why = refusals.slice(0, 3).map(({ line, reason }) => `Line ${line}: ${reason}`);
  return refusal('recording_unplayable', `No row of ${name} can be played; ${refused} were refused.`, {
    hint: why.join(' ') || 'Check that the extension fits the format of the file.',
  });
}

/** Passes chunks on up to a size. Leaves the source open if it stops early, so that the caller can still be told why. */
async function* limited(content: Readable, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    yield chunk;
  }
}
