import { isUtf8 } from 'node:buffer';
import { textProblem } from './attributes.ts';
import { isoTime, type Data, type TimedRecord } from './event.ts';
import { readEventTime } from './event-time.ts';
import { readMembers, traceTexts, type TraceMembers } from './incoming-members.ts';
import { namedPartsOf, oneLine, type JsonValue } from './json-text.ts';

export type { TraceMembers };

/** Rows that come in together. */
export interface Incoming {
  rows: JsonValue[];
  /** Whether each row must be a CloudEvent; otherwise, one without `specversion` is bare data. */
  areEvents?: boolean;
  /** The trace to which the sender says that the rows belong. A row may name another. */
  trace?: TraceMembers | undefined;
}

/** What holds for all rows that come in together. */
export interface Arrival extends Omit<Incoming, 'rows'> {
  /** The subject of rows that name none. */
  subject: string;
  /** The time of receipt, epoch ms: that of rows without a time. */
  nowMs: number;
  /** The error in data, or null. */
  problemOf(data: Data): string | null;
}

/** An event that came in, before it is written. */
export interface IncomingEvent extends Pick<TimedRecord, 'timeMs' | 'time' | 'subject' | 'data'> {
  /** Further members as JSON text, by name. */
  members: Map<string, string>;
}

const SUBJECT_MAX = 256;
const DEPTH_MAX = 32;
const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;
const JSON_TYPE = /^[^;]*[/+]json\s*(?:;|$)/i;
/**
 * Reads a row that somebody sends: a CloudEvent, if it has `specversion`, or bare data. The data, the extensions and the
 * digits of all numbers stay as they are written.
 * @returns the event, or the reason why the row is refused
 */
export function readIncoming(row: JsonValue, arrival: Arrival): IncomingEvent | string {
  const { value } = row;
  if (!isObject(value)) return `must be an object, got ${row.text.slice(0, 80)}`;
  if ('specversion' in value) return readCloudEvent(row.text, value, arrival);
  if (arrival.areEvents) return 'specversion is missing';
  const problem = dataProblem(value, arrival);
  if (problem) return problem;
  const { subject, nowMs } = arrival;
  return { timeMs: nowMs, subject, data: oneLine(row.text), members: new Map(traceTexts(arrival.trace)) };
}

/** The record that writes an event. */
export function recordOf({ members, ...rest }: IncomingEvent): TimedRecord {
  let extra = '';
  for (const [name, text] of members) extra += `,${JSON.stringify(name)}:${text}`;
  return extra === '' ? rest : { ...rest, extra };
}

function readCloudEvent(text: string, event: Data, arrival: Arrival): IncomingEvent | string {
  const { specversion, subject = null, time = null, datacontenttype = null } = event;
  if (specversion !== '1.0') return `specversion must be "1.0", got ${shown(specversion)}`;
  const parts = namedPartsOf(text);
  const texts = new Map(parts);
  if (texts.size < parts.length) return `it has the member "${repeatedIn(parts)}" twice`;
  if (datacontenttype !== null && !(typeof datacontenttype === 'string' && JSON_TYPE.test(datacontenttype)))
    return `datacontenttype must be JSON, because a channel carries JSON objects; got ${shown(datacontenttype)}`;
  const data = dataOf(event, texts);
  if (typeof data === 'string') return data;
  const problem = dataProblem(data.value as Data, arrival);
  if (problem) return problem;
  const about = subject ?? arrival.subject;
  if (typeof about !== 'string' || about.length > SUBJECT_MAX)
    return `subject must be text of at most ${SUBJECT_MAX} characters`;
  const members = readMembers(event, texts, arrival.trace);
  if (typeof members === 'string') return members;
  const wrong = textProblem('subject', about);
  if (wrong) return wrong;
  const line = oneLine(data.text);
  if (time === null) return { timeMs: arrival.nowMs, subject: about, data: line, members };
  const when = readEventTime(time);
  if (!when) return `time must be ISO 8601 with a zone, got ${shown(time)}`;
  const isFiner = isoTime(when.timeMs) !== when.text;
  return { timeMs: when.timeMs, ...(isFiner && { time: when.text }), subject: about, data: line, members };
}

/** The data of an event: its member `data`, or JSON in `data_base64`. */
function dataOf(event: Data, texts: ReadonlyMap<string, string>): JsonValue | string {
  if (event['data_base64'] === undefined || event['data_base64'] === null)
    return isObject(event['data'])
      ? { text: texts.get('data')!, value: event['data'] }
      : 'data must be an object';
  if (event['data'] !== undefined) return 'it has both data and data_base64';
  const given = event['data_base64'];
  if (typeof given !== 'string' || !BASE64.test(given)) return 'data_base64 must be base64';
  const bytes = Buffer.from(given, 'base64');
  try {
    const text = isUtf8(bytes) ? bytes.toString() : '';
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { text: text.trim(), value };
  } catch {
    // Refused below.
  }
  return 'data_base64 must be a JSON object, because a channel carries JSON objects';
}

function dataProblem(data: Data, { problemOf }: Arrival): string | null {
  return depth(data) > DEPTH_MAX ? `data is nested deeper than ${DEPTH_MAX} levels` : problemOf(data);
}

/** How deeply a value is nested; stops counting beyond the maximum. */
function depth(value: unknown, at = 0): number {
  if (typeof value !== 'object' || value === null || at > DEPTH_MAX) return at;
  let deepest = at;
  for (const member of Object.values(value)) deepest = Math.max(deepest, depth(member, at + 1));
  return deepest;
}

function repeatedIn(parts: [name: string, value: string][]): string {
  const names = parts.map(([name]) => name);
  return names.find((name, i) => names.indexOf(name) < i) ?? '';
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
