import type { Data } from '../../../../core/wire/event.ts';
import type { McapChannel } from '../../format/records.ts';

/** The datum and the subject of a message as it is in a file, as they would be played; null where it has none. */
export function datumOf(
  { topic, encoding, metadata }: McapChannel,
  content: Buffer,
): { subject: string; datum: Data } | null {
  if (encoding !== 'json') return null;
  const value = objectIn(content);
  if (!value) return null;
  const envelope = metadata.get('envelope');
  const isEvent = envelope === 'cloudevents';
  const datum = isEvent ? value['data'] : value;
  if (!isObject(datum)) return null;
  if (envelope === 'none') return { subject: topic, datum };
  const column = isEvent ? 'subject' : metadata.get('subjectColumn');
  const named = metadata.get('subject') ?? (column === undefined ? topic : value[column]);
  return typeof named === 'string' || typeof named === 'number' ? { subject: String(named), datum } : null;
}

function objectIn(content: Buffer): Data | null {
  try {
    const value = JSON.parse(content.toString()) as unknown;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
