import { crc32 } from 'node:zlib';
import { refusal } from '../problems/errors.ts';
import { positionText, type Position } from './event.ts';

/**
 * A position together with a mark of the event that was there. A Redis that loses its latest events writes others at their
 * positions; the mark tells them apart.
 */
export interface MarkedPosition extends Position {
  /** What `markOf` answers for the event; undefined if it is not known. */
  mark?: string | undefined;
}

/** The mark of an event: the checksum (CRC-32) of its line, in base 36. Two events have different times `sent`. */
export function markOf(line: string): string {
  return crc32(line).toString(36);
}

/** `<epoch>-<offset>-<mark>`, or `<epoch>-<offset>` without a mark. */
export function markedText({ mark, ...position }: MarkedPosition): string {
  return mark === undefined ? positionText(position) : `${positionText(position)}-${mark}`;
}

/** Reads what `markedText` writes. @throws refusal `position_malformed` */
export function parseMarked(text: string): MarkedPosition {
  const match = /^(\d{1,15})-(\d{1,15})(?:-([0-9a-z]{1,7}))?$/.exec(text);
  if (!match)
    throw refusal('position_malformed', `"${text.slice(0, 100)}" is not a valid position.`, {
      hint: 'Write <epoch>-<offset>, for instance 3-120, or what an earlier answer said.',
    });
  return { epoch: Number(match[1]), offset: Number(match[2]), mark: match[3] };
}
