/** How far the unpacking of one stream has come, in unpacked bytes. */
export interface UnpackingState {
  /** Bytes given out so far. */
  unpacked: number;
  /** The first of them that a checksum has confirmed. */
  verified: number;
  /** Bound on the bytes given out. */
  maxBytes: number;
  /** What a reader should know, such as a missing checksum. Each is a sentence without its subject. */
  notes: Set<string>;
}

/** A way in which one stream of bytes is packed. */
export interface Packing {
  name: string;
  /** Endings of file names, lower case, the usual one first. */
  endings: string[];
  /** Whether bytes that begin so are packed this way. Wants `HEAD_BYTES`, unless the source is shorter. */
  matches(head: Buffer): boolean;
  /**
   * Unpacks a stream, several packed streams in a row included, and checks every checksum that it carries. Counts in
   * `state`. @throws PackingError where it is damaged or cut off
   */
  unpack(source: AsyncIterable<Buffer>, state: UnpackingState): AsyncGenerator<Buffer>;
}
