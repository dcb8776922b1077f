import { timeMsOf, type Data } from '../../../core/wire/event.ts';
import { readEventTime } from '../../../core/wire/event-time.ts';
import type { Row } from './format.ts';
import { membersOf, parseObject } from './json-text.ts';

/**
 * The row of a JSON object. For an event (CloudEvents 1.0 in JSON, as on the wire and in the logs) that is its data, with
 * the event's time, subject and channel, so that events recorded as lines play as they were.
 * @throws Error naming what the text is instead of an object
 */
export function objectRow(line: number, text: string, rename: ReadonlyMap<string, string>): Row {
  const { values, json, absent } = parseObject(text, rename);
  const event = values['specversion'] === '1.0' ? eventRow(line, json, values, rename) : null;
  if (event) return event;
  return absent === undefined ? { line, values, json } : { line, values, json, absent };
}

function eventRow(line: number, text: string, event: Data, rename: ReadonlyMap<string, string>): Row | null {
  const { time, subject, type, restored, bare, data } = event;
  const isEvent = typeof time === 'string' && typeof data === 'object' && data !== null;
  if (!isEvent || Array.isArray(data)) return null;
  const dataText = membersOf(text).get('data')!;
  const message = bareMessage(bare, dataText, data as Data);
  return {
    line,
    ...parseObject(dataText, rename),
    timeMs: timeIn(time),
    ...(typeof subject === 'string' && { subject }),
    ...(typeof type === 'string' && { channel: type }),
    ...(restored === true && { restored }),
    ...(message && { bare: message }),
  };
}

/** Event time, epoch ms. What Date does not know, such as a leap second, is read as at every other door. */
function timeIn(time: string): number {
  const timeMs = timeMsOf(time);
  return Number.isNaN(timeMs) ? (readEventTime(time)?.timeMs ?? NaN) : timeMs;
}

/** The message that was published instead of an event; null where the event was. */
function bareMessage(kind: unknown, text: string, { base64 }: Data): Buffer | null {
  if (kind === 'object') return Buffer.from(text);
  return kind === 'base64' && typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null;
}
