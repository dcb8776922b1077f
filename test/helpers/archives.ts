import { crc32, deflateRawSync } from 'node:zlib';
import { packTar, type TarEntry } from 'modern-tar';

/** A file to put in an archive. `flags` and `method` are those of zip. */
export interface ArchiveEntry {
  name: string;
  content: Uint8Array | string;
  flags?: number;
  method?: number;
}

/** A zip archive (APPNOTE 6.3.10) of any names, flags and methods. */
export function zip(entries: ArchiveEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, flags = 0, method = 8 } of entries) {
    const bytes = Buffer.from(content as Uint8Array);
    const data = method === 8 ? deflateRawSync(bytes) : bytes;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(method, 4);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    files.push(Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data]));
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, tail, Buffer.from(name)]));
    offset += files.at(-1)!.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...files, ...directory, Buffer.from('PK\x05\x06'), end]);
}

/** A tar archive. */
export const tar = async (entries: ArchiveEntry[]) =>
  Buffer.from(
    await packTar(
      entries.map(({ name, content }): TarEntry => {
        const body = Buffer.from(content as Uint8Array);
        return { header: { name, size: body.length, type: 'file' }, body };
      }),
    ),
  );
