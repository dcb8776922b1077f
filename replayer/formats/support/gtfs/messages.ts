import type { PbfReader } from 'pbf';

/** A value of a message: numbers as JSON text, so that 32-bit floats have the digits that they were written with. */
export type Value = string | number | boolean | Values | Value[];
/** The fields of a message by name. */
export interface Values {
  [name: string]: Value;
}

type Kind = 'text' | 'whole' | 'signed' | 'flag' | 'float' | 'double' | readonly string[] | Shape;
/** Number of a field -> its name and kind. `many` collects a repeated field. Other fields, extensions too, are passed over. */
interface Shape {
  [field: number]: [name: string, kind: Kind, many?: 'many'];
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

const trip: Shape = {
  1: ['trip_id', 'text'],
  2: ['trip_start', 'text'],
  3: ['service_day', 'text'],
  4: [
    'schedule_relationship',
    ['SCHEDULED', 'ADDED', 'UNSCHEDULED', 'CANCELED', '', 'REPLACEMENT', 'DUPLICATED', 'DELETED', 'NEW'],
  ],
  5: ['route_id', 'text'],
  6: ['direction_id', 'whole'],
};
const vehicle: Shape = {
  1: ['vehicle_id', 'text'],
  2: ['vehicle_label', 'text'],
  3: ['license_plate', 'text'],
};
const position: Shape = {
  1: ['latitude', 'float'],
  2: ['longitude', 'float'],
  3: ['bearing', 'float'],
  4: ['odometer_meters', 'double'],
  5: ['speed_meters_per_second', 'float'],
};
const event: Shape = { 1: ['delay', 'signed'], 2: ['time', 'signed'], 3: ['uncertainty', 'signed'] };
const occupancy = [
  'EMPTY',
  'MANY_SEATS_AVAILABLE',
  'FEW_SEATS_AVAILABLE',
  'STANDING_ROOM_ONLY',
  'CRUSHED_STANDING_ROOM_ONLY',
  'FULL',
  'NOT_ACCEPTING_PASSENGERS',
  'NO_DATA_AVAILABLE',
  'NOT_BOARDABLE',
];
const translated: Shape = { 1: ['translations', { 1: ['text', 'text'], 2: ['language', 'text'] }, 'many'] };
const causes =
  'UNKNOWN_CAUSE OTHER_CAUSE TECHNICAL_PROBLEM STRIKE DEMONSTRATION ACCIDENT HOLIDAY WEATHER MAINTENANCE CONSTRUCTION POLICE_ACTIVITY MEDICAL_EMERGENCY';
const effects =
  'NO_SERVICE REDUCED_SERVICE SIGNIFICANT_DELAYS DETOUR ADDITIONAL_SERVICE MODIFIED_SERVICE OTHER_EFFECT UNKNOWN_EFFECT STOP_MOVED NO_EFFECT ACCESSIBILITY_ISSUE';

/** The header of a feed (GTFS Realtime 2.0). */
export const header: Shape = { 1: ['version', 'text'], 3: ['timestamp', 'whole'] };

/** An entity of a feed: a trip update, a vehicle, an alert, or one of the newer kinds, of which only the name is kept. */
export const entity: Shape = {
  1: ['id', 'text'],
  2: ['is_deleted', 'flag'],
  3: [
    'trip_update',
    {
      1: ['trip', trip],
      2: [
        'stop_time_updates',
        {
          1: ['stop_sequence', 'whole'],
          2: ['arrival', event],
          3: ['departure', event],
          4: ['stop_id', 'text'],
          5: ['schedule_relationship', ['SCHEDULED', 'SKIPPED', 'NO_DATA', 'UNSCHEDULED']],
        },
        'many',
      ],
      3: ['vehicle', vehicle],
      4: ['timestamp', 'whole'],
      5: ['delay_seconds', 'signed'],
    },
  ],
  4: [
    'vehicle',
    {
      1: ['trip', trip],
      2: ['position', position],
      3: ['current_stop_sequence', 'whole'],
      4: ['current_status', ['INCOMING_AT', 'STOPPED_AT', 'IN_TRANSIT_TO']],
      5: ['timestamp', 'whole'],
      6: [
        'congestion_level',
        ['UNKNOWN_CONGESTION_LEVEL', 'RUNNING_SMOOTHLY', 'STOP_AND_GO', 'CONGESTION', 'SEVERE_CONGESTION'],
      ],
      7: ['stop_id', 'text'],
      8: ['vehicle', vehicle],
      9: ['occupancy_status', occupancy],
      10: ['occupancy_percentage', 'whole'],
    },
  ],
  5: [
    'alert',
    {
      1: ['active_periods', { 1: ['start', 'whole'], 2: ['end', 'whole'] }, 'many'],
      5: [
        'informed_entities',
        {
          1: ['agency_id', 'text'],
          2: ['route_id', 'text'],
          3: ['route_type', 'signed'],
          4: ['trip', trip],
          5: ['stop_id', 'text'],
          6: ['direction_id', 'whole'],
        },
        'many',
      ],
      6: ['cause', ['', ...causes.split(' ')]],
      7: ['effect', ['', ...effects.split(' ')]],
      8: ['url', translated],
      10: ['header', translated],
      11: ['description', translated],
      14: ['severity_level', ['', 'UNKNOWN_SEVERITY', 'INFO', 'WARNING', 'SEVERE']],
    },
  ],
  6: ['shape', {}],
  7: ['stop', {}],
  8: ['trip_modifications', {}],
};

/** Reads a message up to `end`. @throws Error where the bytes do not have its shape */
export function messageOf(pbf: PbfReader, shape: Shape, end: number): Values {
  const values: Values = {};
  for (let field = pbf.nextField(end); field !== 0; field = pbf.nextField(end)) {
    const [name, kind, many] = shape[field] ?? [];
    if (name === undefined || kind === undefined) continue;
    const value = valueOf(pbf, kind, end);
    if (many) values[name] = [...((values[name] as Value[] | undefined) ?? []), value];
    else values[name] = value;
  }
  if (pbf.pos !== end) throw new Error('A field ends behind its message.');
  return values;
}

function valueOf(pbf: PbfReader, kind: Kind, end: number): Value {
  const isWire = (type: number) => {
    if (pbf.type !== type) throw new Error('A field is not of its type.');
  };
  switch (kind) {
    case 'float':
      isWire(FIXED32);
      return shortest(pbf.readFloat());
    case 'double':
      isWire(FIXED64);
      return pbf.readDouble();
    case 'text':
      isWire(BYTES);
      return pbf.readString();
    case 'flag':
      isWire(VARINT);
      return pbf.readBoolean();
    case 'whole':
    case 'signed':
      isWire(VARINT);
      return pbf.readVarint(kind === 'signed');
    default:
      break;
  }
  if (isNames(kind)) {
    isWire(VARINT);
    const number = pbf.readVarint();
    return kind[number] || number;
  }
  isWire(BYTES);
  const inner = pbf.readVarint() + pbf.pos;
  if (inner > end) throw new Error('A field ends behind its message.');
  return messageOf(pbf, kind, inner);
}

const isNames = (kind: readonly string[] | Shape): kind is readonly string[] => Array.isArray(kind);

/** The number with the fewest digits that is the same float of 32 bits: 52.52 instead of 52.52000045776367. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
