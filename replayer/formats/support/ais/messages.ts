import {
  arrival,
  clock,
  degrees,
  flag,
  KNOT,
  mmsi,
  number,
  positive,
  rateOfTurn,
  sumOfTwo,
  text,
  type Field,
} from './fields.ts';
import type { SixBits } from './six-bits.ts';

/** A kind of AIS message that is read. */
interface Kind {
  /** A message with fewer bits is cut off. */
  bits: number;
  fields: Field[];
  /** Whether it describes a ship and does not say where it is. */
  isStatic?: true;
}

const speed = number(1023, KNOT / 10, 4);
const course = number(3600, 0.1, 1);
const heading = number(360);
const second = number(60);
/** Accuracy (better than 10 m), longitude and latitude in 1/10,000 minutes. */
const place = (from: number): Field[] => [
  ['high_accuracy', from, 1, flag],
  ['longitude', from + 1, 28, degrees(180, 600_000)],
  ['latitude', from + 29, 27, degrees(90, 600_000)],
];
const size = (from: number): Field[] => [
  ['length_meters', from, 18, sumOfTwo],
  ['width_meters', from + 18, 12, sumOfTwo],
];

const classA: Kind = {
  bits: 143,
  fields: [
    ['navigation_status', 38, 4, number(15)],
    ['rate_of_turn_degrees_per_minute', 42, 8, rateOfTurn],
    ['speed_meters_per_second', 50, 10, speed],
    ...place(60),
    ['bearing', 116, 12, course],
    ['heading', 128, 9, heading],
    ['utc_second', 137, 6, second],
  ],
};
const baseStation: Kind = { bits: 134, fields: [['clock_epoch_seconds', 38, 40, clock], ...place(78)] };
const classB: Field[] = [
  ['speed_meters_per_second', 46, 10, speed],
  ...place(56),
  ['bearing', 112, 12, course],
  ['heading', 124, 9, heading],
  ['utc_second', 133, 6, second],
];
const voyage: Kind = {
  bits: 420,
  isStatic: true,
  fields: [
    ['imo', 40, 30, positive()],
    ['callsign', 70, 42, text],
    ['name', 112, 120, text],
    ['ship_type', 232, 8, positive()],
    ...size(240),
    ['eta', 274, 20, arrival],
    ['draught_meters', 294, 8, positive(0.1, 1)],
    ['destination', 302, 120, text],
  ],
};
const rescueAircraft: Kind = {
  bits: 134,
  fields: [
    ['elevation', 38, 12, number(4095)],
    ['speed_meters_per_second', 50, 10, number(1023, KNOT, 4)],
    ...place(60),
    ['bearing', 116, 12, course],
    ['utc_second', 128, 6, second],
  ],
};
const aidToNavigation: Kind = {
  bits: 260,
  fields: [
    ['aid_type', 38, 5, positive()],
    ['name', 43, 120, text],
    ...place(163),
    ...size(219),
    ['utc_second', 253, 6, second],
    ['off_position', 259, 1, flag],
    ['virtual', 269, 1, flag],
  ],
};
const longRange: Kind = {
  bits: 94,
  fields: [
    ['high_accuracy', 38, 1, flag],
    ['navigation_status', 40, 4, number(15)],
    ['longitude', 44, 18, degrees(180, 600)],
    ['latitude', 62, 17, degrees(90, 600)],
    ['speed_meters_per_second', 79, 6, number(63, KNOT, 4)],
    ['bearing', 85, 9, number(360)],
  ],
};
const partA: Kind = { bits: 160, isStatic: true, fields: [['name', 40, 120, text]] };
const partB: Field[] = [
  ['ship_type', 40, 8, positive()],
  ['callsign', 90, 42, text],
];
/** A ship's own boats send its MMSI where others send their size. */
const partBOfBoat: Kind = {
  bits: 162,
  isStatic: true,
  fields: [...partB, ['mothership_mmsi', 132, 30, mmsi]],
};
const partBOfShip: Kind = { bits: 162, isStatic: true, fields: [...partB, ...size(132)] };

const KINDS: { [type: number]: Kind } = {
  1: classA,
  2: classA,
  3: classA,
  4: baseStation,
  5: voyage,
  9: rescueAircraft,
  11: baseStation,
  18: { bits: 139, fields: classB },
  19: {
    bits: 301,
    fields: [...classB, ['name', 143, 120, text], ['ship_type', 263, 8, positive()], ...size(271)],
  },
  21: aidToNavigation,
  27: longRange,
};

/** A message as members and their values in JSON. */
export interface AisMessage {
  type: number;
  mmsi: string;
  /** Members in the order of their fields. Those for which the sender has no value are absent. */
  members: [string, string][];
  isStatic: boolean;
}

/**
 * Decodes AIS messages 1 to 5, 9, 11, 18, 19, 21, 24 and 27 (ITU-R M.1371-5). Speeds are in metres per second, lengths in
 * metres, angles in degrees. Radio status, RAIM and spare bits are left out. A message of another type has no members.
 * @returns a sentence that says what is wrong where the message is cut off
 */
export function decodeAis(bits: SixBits): AisMessage | string {
  if (bits.length < 38) return `The AIS message has ${bits.length} bits, too few for a type and an MMSI.`;
  const type = bits.unsigned(0, 6);
  const number = String(bits.unsigned(8, 30)).padStart(9, '0');
  const kind = type === 24 ? partOf(bits, number) : KINDS[type];
  if (kind && bits.length < kind.bits)
    return `AIS message ${type} is cut off: it has ${bits.length} bits, and ${kind.bits} are needed.`;
  const members: [string, string][] = [];
  for (const [member, from, width, read] of kind?.fields ?? []) {
    // Some senders leave out the spare bits at the end, and the last members with them.
    const value = from + width <= bits.length || read === text ? read(bits, from, width) : undefined;
    if (value !== undefined) members.push([member, value]);
  }
  return { type, mmsi: number, members, isStatic: kind?.isStatic ?? false };
}

function partOf(bits: SixBits, number: string): Kind | undefined {
  const part = bits.unsigned(38, 2);
  if (part === 0) return partA;
  if (part === 1) return number.startsWith('98') ? partBOfBoat : partBOfShip;
  return undefined;
}
