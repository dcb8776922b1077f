import { readFileSync } from 'node:fs';
import type { Data } from '../../../../core/wire/event.ts';
import type { NewSchema } from '../writer.ts';

const NS = 1_000_000_000n;
const UNKNOWN = 0;
const APPROXIMATED = 1;

const [DEBUG, INFO, WARNING, ERROR, FATAL] = [1, 2, 3, 4, 5];
/** Levels of Foxglove by the words for them in data. */
const LEVELS = new Map(
  Object.entries({
    trace: DEBUG,
    debug: DEBUG,
    info: INFO,
    notice: INFO,
    warn: WARNING,
    warning: WARNING,
    error: ERROR,
    critical: FATAL,
    fatal: FATAL,
  }),
);

/** A kind of message that panels of Foxglove draw. */
export interface DrawnKind {
  /** The last part of its topic. */
  name: string;
  schema: NewSchema;
  /** The message for a row; null where the row holds no such thing. `timeNs`: epoch ns. */
  messageOf(datum: Data, subject: string, timeNs: bigint): object | null;
}

/** What Foxglove draws of rows: their places on its map, and their texts in its log. The schemas are those of Foxglove. */
export const drawnKinds: readonly DrawnKind[] = [
  { name: 'location', schema: schemaIn('location-fix.json', 'foxglove.LocationFix'), messageOf: locationOf },
  { name: 'log', schema: schemaIn('log.json', 'foxglove.Log'), messageOf: logOf },
];

/** Whether messages with a schema of this name are drawn as they are. */
export function isDrawn(schemaName: string): boolean {
  return schemaName.startsWith('foxglove.');
}

/** The place of a row. The message must have an altitude; without an elevation it is 0. */
function locationOf(datum: Data, subject: string, timeNs: bigint): object | null {
  const { latitude, longitude, elevation, accuracy } = datum;
  if (!isWithin(latitude, -90, 90) || !isWithin(longitude, -180, 180)) return null;
  // Larger values can't be meant, and their squares may overflow.
  const variance = isWithin(accuracy, 0, 1e9) && accuracy > 0 ? accuracy ** 2 : null;
  const diagonal = variance ?? 0;
  return {
    timestamp: timestampOf(timeNs),
    frame_id: subject,
    latitude,
    longitude,
    altitude: isWithin(elevation, -Infinity, Infinity) ? elevation : 0,
    position_covariance: [diagonal, 0, 0, 0, diagonal, 0, 0, 0, diagonal],
    position_covariance_type: variance === null ? UNKNOWN : APPROXIMATED,
  };
}

/** The text of a row. Rows without a level are INFO, because Foxglove hides messages of an unknown level. */
function logOf(datum: Data, subject: string, timeNs: bigint): object | null {
  const message = [datum['text'], datum['message']].find((text) => typeof text === 'string' && text !== '');
  if (message === undefined) return null;
  const word = [datum['level'], datum['severity']].find((value) => typeof value === 'string');
  const level = (typeof word === 'string' && LEVELS.get(word.toLowerCase())) || INFO;
  return { timestamp: timestampOf(timeNs), level, message, name: subject, file: '', line: 0 };
}

function timestampOf(timeNs: bigint): { sec: number; nsec: number } {
  return { sec: Number(timeNs / NS), nsec: Number(timeNs % NS) };
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most;
}

function schemaIn(file: string, name: string): NewSchema {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  return { name, encoding: 'jsonschema', data: Buffer.from(JSON.stringify(JSON.parse(text))) };
}
