import { isoTime } from '../../../core/wire/event.ts';
import type { PlayableRows } from '../../playing/playable.ts';

/** One row of a recording, as writers take it. */
export interface WrittenRow {
  timeMs: number;
  subject: string;
  channel: string;
  /** The datum, a JSON object as text on one line. */
  json: string;
}

/** A row of a block. `channels`: the names of the recording's channels. */
export function rowAt(
  { block, channels: of }: PlayableRows,
  row: number,
  channels: readonly string[],
): WrittenRow {
  const text = block.data.toString('utf8', block.starts[row], block.ends[row]).trim();
  return {
    timeMs: block.timesMs[row]!,
    subject: block.names[block.subjects[row]!]!,
    channel: channels[of?.[row] ?? 0]!,
    // Line ends in valid JSON lie between its parts only.
    json: /[\r\n]/.test(text) ? text.replace(/[\r\n]+\s*/g, ' ') : text,
  };
}

/** A row as an event with the members that say how it is played, and no others (CloudEvents 1.0 in JSON). */
export function eventLine({ timeMs, subject, channel, json }: WrittenRow): string {
  return (
    `{"specversion":"1.0","type":${JSON.stringify(channel)},"time":"${isoTime(timeMs)}",` +
    `"subject":${JSON.stringify(subject)},"data":${json}}`
  );
}
