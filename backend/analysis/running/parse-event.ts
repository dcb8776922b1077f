import { parseEventJson } from '../../../core/wire/json-depth.ts';
import { timeMsOf, type CloudEvent } from '../../../core/wire/event.ts';
import { rememberLine } from '../../../core/wire/framed-event.ts';

/** Members that are text where an event has them. The engine relies on it. */
const TEXTS = ['id', 'source', 'type', 'traceparent', 'partition', 'replay', 'pipeline', 'params'] as const;

/** Parses an event. Null if the text is not a valid event: a channel may carry bare data, and anybody can write to it. */
export function parseEvent(line: string): CloudEvent | null {
  try {
    const event = parseEventJson(line);
    if (!isEvent(event)) return null;
    rememberLine(event, line);
    return event;
  } catch {
    return null;
  }
}

/** Whether a value has what the engine needs of an event, and nothing that it can't take. */
function isEvent(value: unknown): value is CloudEvent {
  if (!isObject(value)) return false;
  return (
    isCount(value['epoch']) &&
    isCount(value['offset']) &&
    typeof value['subject'] === 'string' &&
    isObject(value['data']) &&
    typeof value['time'] === 'string' &&
    !Number.isNaN(timeMsOf(value['time'])) &&
    TEXTS.every((name) => value[name] === undefined || typeof value[name] === 'string')
  );
}

/** Whether a value counts something. Infinity, which JSON writes as 1e999, would void all later epochs. */
function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is { [member: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
