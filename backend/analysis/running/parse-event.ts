import { timeMsOf, type CloudEvent } from '../../../core/wire/event.ts';

/** Parses an event. Null if the text is not a valid event: a channel may carry bare data, and anybody can write to it. */
export function parseEvent(line: string): CloudEvent | null {
  try {
    const event = JSON.parse(line) as Partial<CloudEvent> | null;
    const isEvent =
      typeof event?.epoch === 'number' &&
      typeof event.offset === 'number' &&
      typeof event.subject === 'string' &&
      typeof event.data === 'object' &&
      !Number.isNaN(timeMsOf(event.time ?? ''));
    return isEvent ? (event as CloudEvent) : null;
  } catch {
    return null;
  }
}
