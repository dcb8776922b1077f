import { fileURLToPath } from 'node:url';
import type { Data } from '../../core/wire/event.ts';
import type { OpenOptions, RefusedRecord } from '../../replayer/reading/open-options.ts';
import { openRecording, playable, type AnyRecording } from '../../replayer/playing/playable.ts';

/** A record as it would be played, with its data parsed. */
export interface PlayedRecord {
  time: string;
  timeMs: number;
  subject: string;
  channel: string;
  data: Data;
  /** The data as they would be on the wire. */
  json: string;
}

/** What `reprise play` would do with a recording. */
export interface Played {
  records: PlayedRecord[];
  refused: RefusedRecord[];
  recording: AnyRecording;
}

/** Opens a recording as `reprise play` does, and reads all its records. */
export async function played(path: string, options: OpenOptions = {}): Promise<Played> {
  const refusals = new Map<string, RefusedRecord>();
  const refuse = (rows: RefusedRecord[]) => {
    // A recording that is read twice refuses each row twice.
    for (const row of rows) refusals.set(`${row.line}:${row.reason}`, row);
  };
  const recording = await openRecording(path, { ...options, refuse });
  const { channels, rows } = playable(recording);
  const records: PlayedRecord[] = [];
  for await (const { block, channels: indexes, done } of rows(-Infinity)) {
    let row = 0;
    for (const { timeMs, subject, data } of block.records()) {
      const channel = channels[indexes ? indexes[row]! : 0]!;
      const time = new Date(timeMs).toISOString();
      records.push({ time, timeMs, subject, channel, data: JSON.parse(data) as Data, json: data });
      row++;
    }
    done?.();
  }
  return { records, refused: [...refusals.values()], recording };
}

/** The path of an input that went wrong once, by its name in `test/fixtures/recordings/`. */
export function recordedCase(name: string): string {
  return fileURLToPath(new URL(`../fixtures/recordings/${name}`, import.meta.url));
}
