import type { CloudEvent } from '../../../../schemas/types.ts';

type Data = CloudEvent['data'];

/** Whether the data holds a place. Devices report exactly 0, 0 when they have no fix: that is not a place. */
export function isPlace(data: Data): data is Data & { latitude: number; longitude: number } {
  const { latitude, longitude } = data;
  return typeof latitude === 'number' && typeof longitude === 'number' && (latitude !== 0 || longitude !== 0);
}

/** The text of data like a post; undefined where there is none. */
export const textOf = (data: Data): string | undefined =>
  [data.text, data.comment, data.message].find(
    (text): text is string => typeof text === 'string' && text !== '',
  );
