/** Kinds of files that are known here and can't be read, by their first bytes. */
const FOREIGN: [name: string, magic: Buffer][] = [
  ['a 7-Zip archive', Buffer.from('377abcaf271c', 'hex')],
  ['a RAR archive', Buffer.from('526172211a07', 'hex')],
  ['packed with lz4', Buffer.from('04224d18', 'hex')],
  ['packed with lzip', Buffer.from('LZIP\x01', 'latin1')],
  ['packed with compress (.Z)', Buffer.from('1f9d', 'hex')],
  ['an lzop file', Buffer.from('894c5a4f000d0a1a0a', 'hex')],
  ['a SQLite database', Buffer.from('SQLite format 3\0', 'latin1')],
];

/** What bytes that begin so are, where Reprise knows the kind and can't read it; undefined for all others. */
export function foreignOf(head: Buffer): string | undefined {
  return FOREIGN.find(([, magic]) => head.subarray(0, magic.length).equals(magic))?.[0];
}
