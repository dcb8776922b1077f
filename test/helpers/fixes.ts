import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventsOf } from '../../backend/analysis/engine/derive.ts';
import type { CloudEvent, Data } from '../../core/wire/event.ts';
import { TextRecording } from '../../replayer/reading/text-recording.ts';
import { START_MS } from './services.ts';

/** A metre to the north, in degrees. */
export const NORTH_M = 180 / (Math.PI * 6_371_000);

/** A fix: seconds since the start, latitude and longitude in degrees, and further fields. */
export type Row = [seconds: number, latitude: number, longitude: number, more?: Data];

/** The rows as events of the channel `gps`, all of one subject. */
export function fixes(rows: Row[], subject = 'a'): CloudEvent[] {
  return eventsOf(
    'gps',
    rows.map(([seconds, latitude, longitude, more]) => ({
      subject,
      timeMs: START_MS + seconds * 1000,
      data: { latitude, longitude, ...more },
    })),
  );
}

/** The events of one of the recordings that lie beside the project. Skips the test where the recording is missing. */
export async function recorded(test: Mocha.Context, file: string): Promise<CloudEvent[]> {
  const path = fileURLToPath(new URL(`../../../shared/data/${file}`, import.meta.url));
  if (!existsSync(path)) {
    test.test!.title += ` (skipped: there is no ${path})`;
    test.skip();
  }
  const recording = await TextRecording.open(path);
  const rows = [];
  for await (const block of recording.blocks())
    for (const { subject, timeMs, data } of block.records())
      rows.push({ subject, timeMs, data: JSON.parse(data) as Data });
  return eventsOf('gps', rows);
}
