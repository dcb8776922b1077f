import { commonZone } from '../../reading/recording-time.ts';
import type { Summary } from '../format/summary.ts';

/**
 * The zone of times that name none, in requests for an MCAP file: as given, else the one in which the file's source was
 * read, else UTC; null where its sources were read in different ones.
 */
export function recordedZone(
  { metadata }: Pick<Summary, 'metadata'>,
  given: string | undefined,
): string | null {
  if (given !== undefined) return given;
  const zones = metadata.flatMap(({ name, values }) => {
    const zone = name.startsWith('reading:') ? values.get('tz') : undefined;
    return zone ? [zone] : [];
  });
  return commonZone(zones);
}
