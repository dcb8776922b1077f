import type {
  AttachmentEntry,
  ChunkEntry,
  McapChannel,
  McapSchema,
  MetadataRecord,
  Statistics,
} from './records.ts';

/** An attachment, and the file that it is in. */
export interface Attachment extends AttachmentEntry {
  path: string;
}

/** What is known of a file without reading its messages. */
export interface Summary {
  path: string;
  bytes: number;
  library: string;
  channels: Map<number, McapChannel>;
  schemas: Map<number, McapSchema>;
  /** In file order. */
  chunks: ChunkEntry[];
  /** For each chunk, the ids of the channels that have messages in it; null where they are not known. */
  channelsOf: Uint16Array[] | null;
  statistics: Statistics | null;
  /** In file order. Several may have the same name. */
  metadata: MetadataRecord[];
  attachments: Attachment[];
  /** Whether the file has an index of its chunks; if not, all of it was read to find them. */
  indexed: boolean;
}

/** The summary of a file of which only the size and the library are known yet. */
export function emptySummary(path: string, bytes: number, library: string): Summary {
  return {
    path,
    bytes,
    library,
    channels: new Map(),
    schemas: new Map(),
    chunks: [],
    channelsOf: [],
    statistics: null,
    metadata: [],
    attachments: [],
    indexed: false,
  };
}
