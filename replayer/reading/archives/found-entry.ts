/** A file in an archive. Names are as the archive has them: they may lead anywhere. */
export interface FoundEntry {
  name: string;
  /** Its bytes. They can be read once, before the next entry is asked for. */
  content(): AsyncIterable<Buffer>;
}
