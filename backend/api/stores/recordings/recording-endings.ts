import { readFileSync } from 'node:fs';

/** The endings of file names of recordings, as `npm run docs` writes them from the formats of the replayer. */
interface Generated {
  /** By the name of the format; the first is its usual one. */
  formats: { [format: string]: string[] };
  /** Each may follow the ending of a format, also several of them. */
  packings: string[];
  archives: string[];
}

/** A format that a plugin adds, as far as this process knows it. */
export interface AddedFormat {
  name: string;
  endings: readonly string[];
}

const generated = JSON.parse(
  readFileSync(new URL('recording-endings.json', import.meta.url), 'utf8'),
) as Generated;

/** Which names are those of recordings: the endings of the formats, with those of plugins, in any packing, and archives. */
export class RecordingEndings {
  /** In the order in which they are asked. */
  readonly #formats: AddedFormat[];

  constructor(added: readonly AddedFormat[] = []) {
    const own = Object.entries(generated.formats).map(([name, endings]) => ({ name, endings }));
    this.#formats = [...own, ...added];
  }

  /** The format that a name stands for, or the kind of archive; null for a name that is not that of a recording. */
  formatOf(fileName: string): string | null {
    let name = fileName.toLowerCase();
    if (this.isArchive(name)) return name.endsWith('.zip') ? 'zip' : 'tar';
    for (let packing; (packing = generated.packings.find((ending) => name.endsWith(ending)));)
      name = name.slice(0, -packing.length);
    const usual = this.#formats.find(({ endings }) => endings[0] !== undefined && name.endsWith(endings[0]));
    const other = this.#formats.find(({ endings }) => endings.some((ending) => name.endsWith(ending)));
    return (usual ?? other)?.name ?? null;
  }

  /** Whether a name is that of an archive. */
  isArchive(fileName: string): boolean {
    const name = fileName.toLowerCase();
    return generated.archives.some((ending) => name.endsWith(ending));
  }

  /** All endings in words. */
  get text(): string {
    const endings = new Set(this.#formats.flatMap((format) => format.endings));
    return `${[...endings].join(', ')}, each also with ${generated.packings.join(' or ')}; or an archive of them (${generated.archives.join(', ')})`;
  }
}
