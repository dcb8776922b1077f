import { timeMsOf } from '../../../core/wire/event.ts';
import type { Row } from './format.ts';

/**
 * Names that `convert` adds to flat rows whose own members would not be read back as they were played: the row's time,
 * subject and channel, and an object with the members that can't be columns. They do not belong to the data.
 */
export const OWN_COLUMNS = {
  time: '@time',
  subject: '@subject',
  channel: '@channel',
  rest: '@data',
} as const;

/** The column of a member: another `@` keeps a member apart from the names above. */
export function columnOf(member: string): string {
  return member.startsWith('@') ? `@${member}` : member;
}

/** The member of a column that `columnOf` named. */
export function memberOf(column: string): string {
  return column.startsWith('@@') ? column.slice(1) : column;
}

/** Whether data with this member can be told from a row with columns of ours only by the other columns. */
export const isReserved = (name: string): boolean => name.startsWith('@');

// eslint-disable-next-line no-control-regex -- that is what it looks for
const RAW = /[\u0000-\u001f\u007f-\u009f\ufeff\p{Cs}]/u;

/** A subject as the text of a cell: as it stands, or as JSON where no text file could hold it. */
export function subjectCell(subject: string): string {
  return subject.startsWith('"') || RAW.test(subject) ? JSON.stringify(subject) : subject;
}

/** What a row says of itself, from the texts in its columns of ours. */
export function ownEvent(
  time: string | undefined,
  subject: string | undefined,
  channel: string | undefined,
): Pick<Row, 'timeMs' | 'subject' | 'channel'> {
  return {
    ...(time !== undefined && { timeMs: timeMsOf(time) }),
    ...(subject !== undefined && { subject: subjectOf(subject) }),
    ...(channel !== undefined && { channel }),
  };
}

function subjectOf(cell: string): string {
  try {
    return cell.startsWith('"') ? String(JSON.parse(cell)) : cell;
  } catch {
    return cell;
  }
}
