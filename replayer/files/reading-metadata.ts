import { McapRecording } from '../mcap/reading/mcap-recording.ts';
import type { AnyRecording } from '../playing/playable.ts';
import type { TextRecording } from '../reading/text-recording.ts';

/** How a recording was read, as the metadata of an MCAP file: each option, and what spoke for it. */
export function readingMetadata(recording: TextRecording): Map<string, string> {
  const { reading, file, format } = recording;
  const { rename } = reading;
  const named = (columns: string) =>
    columns
      .split('+')
      .map((column) => rename.value.get(column) ?? column)
      .join('+');
  const metadata = new Map([
    ['file', file],
    ['format', format],
    ['timeColumn', named(reading.time.value)],
  ]);
  if (reading.subject.value !== null) metadata.set('subjectColumn', named(reading.subject.value));
  for (const name of ['channel', 'time', 'timeFormat', 'tz', 'subject'] as const) {
    metadata.set(name, reading[name].value ?? '');
    metadata.set(`${name}.because`, reading[name].because);
  }
  for (const [from, to] of rename.value) metadata.set(`rename.${from}`, to);
  return metadata;
}

/** By channel, the member of the data that holds the time; null where none is known to. */
export function timeColumns(recording: AnyRecording): (string | null)[] {
  if (recording instanceof McapRecording) {
    const { metadata } = recording.summary;
    return recording.channels.map((channel) =>
      firstColumn(metadata.get(`reading:${channel}`)?.get('timeColumn')),
    );
  }
  return [firstColumn(readingMetadata(recording).get('timeColumn'))];
}

function firstColumn(columns: string | undefined): string | null {
  return columns?.split('+')[0] || null;
}
