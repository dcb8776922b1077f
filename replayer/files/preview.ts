import { isoTime } from '../../core/wire/event.ts';
import type { RecordingPreview } from '../../schemas/types.ts';
import { playable, openRecording } from '../playing/playable.ts';
import type { OpenOptions, RefusedRecord } from '../reading/open-options.ts';
import { inferredOf } from './inferred.ts';

const REFUSALS_SHOWN = 5;

/**
 * Tells how a recording is read with these options, and its first records as they would be played.
 * @throws refusal when no row can be played with these options
 */
export async function preview(
  path: string,
  options: OpenOptions,
  records: number,
): Promise<RecordingPreview> {
  const refusals = new Map<number, string>();
  const refuse = (rows: RefusedRecord[]) => {
    for (const { line, reason } of rows) if (!refusals.has(line)) refusals.set(line, reason);
  };
  const recording = await openRecording(path, { ...options, refuse });
  const { channels, rows } = playable(recording);
  const shown: RecordingPreview['records'] = [];
  for await (const { block, channels: indexes, done } of rows(-Infinity)) {
    let row = 0;
    for (const { timeMs, subject, data } of block.records()) {
      if (shown.length === records) break;
      const channel = channels[indexes ? indexes[row]! : 0]!;
      shown.push({
        time: isoTime(timeMs),
        channel,
        subject,
        data: JSON.parse(data) as { [member: string]: unknown },
      });
      row++;
    }
    done?.();
    if (shown.length === records) break;
  }
  return {
    inferred: inferredOf(recording),
    records: shown,
    refused: refusals.size,
    refusals: Array.from(refusals, ([line, reason]) => ({ line, reason })).slice(0, REFUSALS_SHOWN),
  };
}
