import { Buffer } from 'node:buffer';

/** A FIT file is read as a whole: its messages are defined by messages before them. Devices write a few MB at most. */
const FILE_MAX_BYTES = 256_000_000;
/** Fields of FIT -> our names; the later ones win. All others keep their names, and numbers their units (m, m/s). */
const NAMES = {
  timestamp: 'time',
  position_lat: 'latitude',
  position_long: 'longitude',
  altitude: 'elevation',
  enhanced_altitude: 'elevation',
  speed: 'speed_meters_per_second',
  enhanced_speed: 'speed_meters_per_second',
  gps_accuracy: 'accuracy',
  distance: 'distance_meters',
};

/** @type {import('../../core/plugins/plugin.ts').Plugin} */
export default {
  name: 'fit',
  register(api) {
    api.format({
      name: 'fit',
      endings: ['.fit'],
      looksLike: (head) => head.slice(0, 16).includes('.FIT'),
      async *rows(input) {
        const pieces = [];
        let length = 0;
        for await (const piece of input.bytes()) {
          pieces.push(piece);
          length += piece.length;
          if (length > FILE_MAX_BYTES) {
            yield [refused(1, 'The file is longer than 256 MB, and a FIT file is read as a whole.')];
            return;
          }
        }
        yield await rowsOf(Buffer.concat(pieces));
      },
    });
  },
};

/** One row for each record, in the order of the file, and one for what is missing at its end. */
async function rowsOf(bytes) {
  const { default: FitParser } = await import('fit-file-parser');
  const parser = new FitParser({ force: true, mode: 'list', speedUnit: 'm/s', lengthUnit: 'm' });
  const { whole, missing } = withTrueLength(bytes);
  try {
    const { records = [], sports = [], sessions = [] } = await parser.parseAsync(whole);
    const sport = sports[0]?.sport ?? sessions[0]?.sport;
    const rows = records.map((record, i) => row(record, i + 1, sport));
    if (missing > 0) {
      // The last record may be cut as well: its further fields would be made of what is not there.
      rows.pop();
      rows.push(refused(rows.length + 1, `The file was cut off here: ${missing} bytes are missing.`));
    }
    if (rows.length === 0) rows.push(refused(1, 'The file holds no records.'));
    return rows;
  } catch (error) {
    return [refused(1, `Not a FIT file that can be read: ${error?.message ?? error}.`)];
  }
}

function row(record, line, sport) {
  const values = {};
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined || value === null || name === 'elapsed_time' || name === 'timer_time') continue;
    values[NAMES[name] ?? name] = value instanceof Date ? value.toISOString() : value;
  }
  if (sport) values.sport = sport;
  return { line, values, json: null };
}

const refused = (line, problem) => ({ line, values: null, json: null, problem, text: '' });

/** The header says how long the file is; of one that was cut off, it says what is there. */
function withTrueLength(bytes) {
  if (bytes.length < 14) return { whole: bytes, missing: 0 };
  const headerLength = bytes[0];
  const missing = headerLength + bytes.readUInt32LE(4) + 2 - bytes.length;
  if (missing <= 0) return { whole: bytes, missing: 0 };
  const whole = Buffer.concat([bytes, Buffer.alloc(2)]);
  whole.writeUInt32LE(bytes.length - headerLength, 4);
  return { whole, missing };
}
