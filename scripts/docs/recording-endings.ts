import { ARCHIVE_ENDINGS } from '../../replayer/reading/archives/extract.ts';
import { formats } from '../../replayer/reading/formats.ts';
import { packings } from '../../replayer/reading/packing/packings.ts';

/** The endings of recordings as JSON, for the API, which does not import the replayer. */
export function recordingEndings(): string {
  const named = formats.filter(({ endings }) => endings.length > 0);
  return JSON.stringify({
    formats: {
      ...Object.fromEntries(named.map(({ name, endings }) => [name, endings])),
      mcap: ['.mcap'],
    },
    packings: packings.flatMap(({ endings }) => endings),
    archives: ARCHIVE_ENDINGS,
  });
}
