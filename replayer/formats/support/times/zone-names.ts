/** A zone by its short name: minutes east of UTC, and where it is used. */
export interface NamedOffset {
  minutes: number;
  /** An IANA zone that uses the name. */
  zone: string;
  /** Where, in words that users see. */
  place: string;
}

const one = (hours: number, zone: string, place: string): NamedOffset[] => [
  { minutes: hours * 60, zone, place },
];
const or = (hours: number, zone: string, place: string): NamedOffset => ({
  minutes: hours * 60,
  zone,
  place,
});

/**
 * The meanings of zone names (tz database, and the `obs-zone` of RFC 5322), the commonest first. A name with several
 * meanings is decided by the zone of the recording, if that has one of the offsets.
 */
const NAMES: { [name: string]: NamedOffset[] } = {
  UTC: one(0, 'UTC', 'universal time'),
  UT: one(0, 'UTC', 'universal time'),
  GMT: one(0, 'UTC', 'Greenwich'),
  WET: one(0, 'Europe/Lisbon', 'Western Europe'),
  WEST: one(1, 'Europe/Lisbon', 'Western Europe in summer'),
  CET: one(1, 'Europe/Paris', 'Central Europe'),
  CEST: one(2, 'Europe/Paris', 'Central Europe in summer'),
  MEZ: one(1, 'Europe/Berlin', 'Central Europe'),
  MESZ: one(2, 'Europe/Berlin', 'Central Europe in summer'),
  EET: one(2, 'Europe/Athens', 'Eastern Europe'),
  EEST: one(3, 'Europe/Athens', 'Eastern Europe in summer'),
  MSK: one(3, 'Europe/Moscow', 'Moscow'),
  EST: one(-5, 'America/New_York', 'the east of the USA'),
  EDT: one(-4, 'America/New_York', 'the east of the USA in summer'),
  CST: [
    ...one(-6, 'America/Chicago', 'the middle of the USA'),
    or(8, 'Asia/Shanghai', 'China'),
    or(-5, 'America/Havana', 'Cuba'),
  ],
  CDT: [
    ...one(-5, 'America/Chicago', 'the middle of the USA in summer'),
    or(-4, 'America/Havana', 'Cuba in summer'),
  ],
  MST: one(-7, 'America/Denver', 'the mountains of the USA'),
  MDT: one(-6, 'America/Denver', 'the mountains of the USA in summer'),
  PST: one(-8, 'America/Los_Angeles', 'the west of the USA'),
  PDT: one(-7, 'America/Los_Angeles', 'the west of the USA in summer'),
  AKST: one(-9, 'America/Anchorage', 'Alaska'),
  AKDT: one(-8, 'America/Anchorage', 'Alaska in summer'),
  HST: one(-10, 'Pacific/Honolulu', 'Hawaii'),
  NST: one(-3.5, 'America/St_Johns', 'Newfoundland'),
  NDT: one(-2.5, 'America/St_Johns', 'Newfoundland in summer'),
  AST: [...one(-4, 'America/Halifax', 'the Atlantic coast of Canada'), or(3, 'Asia/Riyadh', 'Arabia')],
  ADT: one(-3, 'America/Halifax', 'the Atlantic coast of Canada in summer'),
  BST: [
    ...one(1, 'Europe/London', 'Britain in summer'),
    or(6, 'Asia/Dhaka', 'Bangladesh'),
    or(11, 'Pacific/Bougainville', 'Bougainville'),
  ],
  IST: [
    ...one(5.5, 'Asia/Kolkata', 'India'),
    or(2, 'Asia/Jerusalem', 'Israel'),
    or(1, 'Europe/Dublin', 'Ireland in summer'),
  ],
  IDT: one(3, 'Asia/Jerusalem', 'Israel in summer'),
  BRT: one(-3, 'America/Sao_Paulo', 'Brasilia'),
  JST: one(9, 'Asia/Tokyo', 'Japan'),
  KST: one(9, 'Asia/Seoul', 'Korea'),
  HKT: one(8, 'Asia/Hong_Kong', 'Hong Kong'),
  SGT: one(8, 'Asia/Singapore', 'Singapore'),
  PKT: one(5, 'Asia/Karachi', 'Pakistan'),
  SAST: one(2, 'Africa/Johannesburg', 'South Africa'),
  AWST: one(8, 'Australia/Perth', 'the west of Australia'),
  ACST: one(9.5, 'Australia/Adelaide', 'the middle of Australia'),
  ACDT: one(10.5, 'Australia/Adelaide', 'the middle of Australia in summer'),
  AEST: one(10, 'Australia/Sydney', 'the east of Australia'),
  AEDT: one(11, 'Australia/Sydney', 'the east of Australia in summer'),
  NZST: one(12, 'Pacific/Auckland', 'New Zealand'),
  NZDT: one(13, 'Pacific/Auckland', 'New Zealand in summer'),
};

/** The meanings of a zone's short name, the commonest first; undefined if it is not known. */
export function zoneMeanings(name: string): readonly NamedOffset[] | undefined {
  const upper = name.toUpperCase();
  return Object.hasOwn(NAMES, upper) ? NAMES[upper] : undefined;
}
