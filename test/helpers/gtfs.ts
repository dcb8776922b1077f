import { PbfWriter } from 'pbf';

/** A field of a protobuf message: a text, number, or message; `float` and `double` are numbers with a point. */
export type ProtoField = [
  field: number,
  value: string | number | { float: number } | { double: number } | ProtoField[],
];

/** The bytes of a message. */
function proto(fields: ProtoField[]): Buffer {
  const writer = new PbfWriter();
  for (const [field, value] of fields) {
    if (typeof value === 'string') writer.writeStringField(field, value);
    else if (typeof value === 'number') writer.writeVarintField(field, value);
    else if (Array.isArray(value)) writer.writeBytesField(field, proto(value));
    else if ('float' in value) writer.writeFloatField(field, value.float);
    else writer.writeDoubleField(field, value.double);
  }
  return Buffer.from(writer.finish());
}

/** A FeedMessage of GTFS Realtime with these entities. */
export function feed(timestamp: number, entities: ProtoField[][]): Buffer {
  const header: ProtoField = [
    1,
    [
      [1, '2.0'],
      [2, 0],
      [3, timestamp],
    ],
  ];
  return proto([header, ...entities.map((entity): ProtoField => [2, entity])]);
}

/** A FeedEntity: a vehicle at a position. */
export function vehicleAt(
  id: string,
  latitude: number,
  longitude: number,
  more: ProtoField[] = [],
): ProtoField[] {
  return [
    [1, `e-${id}`],
    [
      4,
      [
        [
          2,
          [
            [1, { float: latitude }],
            [2, { float: longitude }],
          ],
        ],
        [8, [[1, id]]],
        ...more,
      ],
    ],
  ];
}
