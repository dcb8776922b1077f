import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { refusal } from '../../../core/problems/errors.ts';
import { isSystemError } from '../packing/is-system-error.ts';
import type { FoundEntry } from './found-entry.ts';

/** The signature of the first entry, and that of the end of an archive without entries. */
const MAGICS = [Buffer.from('504b0304', 'hex'), Buffer.from('504b0506', 'hex')];
const METHODS: Record<number, string> = {
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'zstd',
  95: 'xz',
  98: 'PPMd',
};

/** Whether a file that begins so is a zip archive; an empty one counts. */
export function isZip(head: Buffer): boolean {
  return MAGICS.some((magic) => head.subarray(0, magic.length).equals(magic));
}

/**
 * The files in a zip archive, in the order of its directory. The CRC-32 of content is checked at its end; `name` is that of
 * the archive in messages. @throws refusal for an archive, or content, that is damaged, encrypted or packed in another way
 */
export async function* zipEntries(path: string, name: string): AsyncGenerator<FoundEntry> {
  const { default: yauzl } = await import('yauzl');
  // Names stay bytes: one that leads out of the archive must not end the reading of the others.
  const options = { lazyEntries: true, decodeStrings: false, autoClose: false, validateEntrySizes: true };
  let zip: ZipFile | undefined;
  try {
    zip = await yauzl.openPromise(path, options);
    for await (const entry of zip.eachEntry()) {
      const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
      const entryName = yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false);
      if (entryName.endsWith('/')) continue;
      const opened = zip;
      yield { name: entryName, content: () => contentOf(opened, entry, `${name}/${entryName}`) };
    }
  } catch (cause) {
    throw asRefusal(name, cause);
  } finally {
    zip?.close();
  }
}

async function* contentOf(zip: ZipFile, entry: Entry, name: string): AsyncGenerator<Buffer> {
  if (entry.isEncrypted())
    throw refusal('recording_unreadable', `${name} is encrypted.`, {
      hint: 'Unpack it with its password first.',
    });
  if (!entry.canDecodeFileData()) {
    const method = METHODS[entry.compressionMethod] ?? `method ${entry.compressionMethod}`;
    throw refusal('recording_unreadable', `${name} is packed with ${method}, which can't be unpacked here.`, {
      hint: 'Unpack it with its own tool first.',
    });
  }
  let sum = 0;
  let unpacked = 0;
  try {
    for await (const bytes of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
      sum = crc32(bytes, sum);
      unpacked += bytes.length;
      yield bytes;
    }
  } catch (cause) {
    throw asRefusal(name, cause);
  }
  if (sum !== entry.crc32)
    throw asRefusal(
      name,
      new Error(`its checksum does not match, in ${unpacked.toLocaleString('en')} unpacked bytes`),
    );
}

function asRefusal(name: string, cause: unknown): unknown {
  if (!(cause instanceof Error) || 'kind' in cause || isSystemError(cause)) return cause;
  const what = /central directory record signature not found/i.test(cause.message)
    ? 'its directory is missing, as in a file that was cut off'
    : cause.message;
  return refusal('recording_unreadable', `${name} is damaged: zip: ${what}.`, {
    hint: 'Fetch the file again.',
    cause,
  });
}
