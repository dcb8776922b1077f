import type { McapChannel } from '../format/records.ts';

const COPIES_FOR = 'copiesFor';
const FOXGLOVE = 'foxglove';

/** Why the messages of such channels are not played. */
export const COPIES_REASON = 'copies for Foxglove';

/** The metadata of an MCAP channel whose messages repeat other messages of the file, so that Foxglove draws them. */
export function copiesMetadata(): Map<string, string> {
  return new Map([[COPIES_FOR, FOXGLOVE]]);
}

/** Whether the messages of an MCAP channel are such copies. They are not played. */
export function holdsCopies({ metadata }: Pick<McapChannel, 'metadata'>): boolean {
  return metadata.get(COPIES_FOR) === FOXGLOVE;
}
