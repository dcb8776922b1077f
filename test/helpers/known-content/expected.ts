import type { KnownTable, KnownValue } from './table.ts';
import type { ExpectedRecord, ExpectedValue, KnownCase } from './known-case.ts';

/** The name of all files of known content without its ending: rows without a subject or a place have it. */
export const FILE = 'known';

/** A member that rows have: its name in the file, the name that it is played under, and its values as they are written. */
export interface Member {
  name: string;
  playedAs?: string;
  values: KnownValue[];
  isPlace?: boolean;
}

/** Members of a table in the order in which they stand: `order` is any number that mixes them. */
export function membersOf(table: KnownTable, order: number): Member[] {
  const { notation, zone } = table;
  const kind = notation.isNumber ? 'number' : 'text';
  const members: Member[] = [
    { name: table.timeName, values: table.timesUs.map((us) => ({ kind, text: notation.write(us, zone) })) },
    ...(table.subjects ? [table.subjects] : []),
    ...table.columns,
  ];
  for (let i = members.length - 1, mix = order; i > 0; i--, mix = (mix * 31 + 7) % 100_003) {
    const k = mix % (i + 1);
    [members[i], members[k]] = [members[k]!, members[i]!];
  }
  return members;
}

const COCOA_TOLD_US = Date.UTC(2030, 0, 1) * 1000;
const EPOCHS = new Set<string | undefined>(['s', 'ms', 'us', 'ns']);
const EPOCH_TOLD_US = 1e14;

/** The options that a user gives to read the times of a table, where these need them. */
export function timeOptions({ gives, notation, zone, timesUs }: KnownTable): KnownCase['options'] {
  const { format, zoned } = notation;
  // Numbers of these times are times of other days in another unit, so that nobody can tell which unit they have.
  const isOpen =
    (format === 'cocoa' && timesUs.some((us) => us > COCOA_TOLD_US)) ||
    (EPOCHS.has(format) && timesUs.some((us) => Math.abs(us) < EPOCH_TOLD_US));
  return {
    ...(gives.tz && !zoned && { tz: zone }),
    ...((gives.timeFormat || isOpen) && format !== undefined && { timeFormat: format }),
  };
}

/** The records of a table whose members are written as they are. `valueOf` says what a form makes of a value. */
export function expectedRecords(
  table: KnownTable,
  members: readonly Member[],
  valueOf: (member: Member, row: number) => ExpectedValue = ({ values }, row) => ({ written: values[row]! }),
): ExpectedRecord[] {
  return table.timesUs.map((timeUs, row) => {
    const values: ExpectedRecord['values'] = {};
    for (const member of members)
      Object.defineProperty(values, member.playedAs ?? member.name, {
        value: valueOf(member, row),
        enumerable: true,
      });
    return {
      timeUs,
      subject: table.subjects?.values[row]!.text ?? FILE,
      channel: table.places ? 'gps' : FILE,
      values,
    };
  });
}
