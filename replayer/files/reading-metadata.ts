import type { TextRecording } from '../reading/text-recording.ts';

/** Metadata for an MCAP file that tell how a recording was read: the value of each option, and the evidence for it. */
export function readingMetadata(
  recording: Pick<TextRecording, 'interpretation' | 'file' | 'format'>,
): Map<string, string> {
  const { interpretation, file, format } = recording;
  const { rename } = interpretation;
  const named = (columns: string) =>
    columns
      .split('+')
      .map((column) => rename.value.get(column) ?? column)
      .join('+');
  const metadata = new Map([
    ['file', file],
    ['format', format],
    ['timeColumn', named(interpretation.time.value)],
  ]);
  if (interpretation.subject.value !== null)
    metadata.set('subjectColumn', named(interpretation.subject.value));
  for (const name of ['channel', 'time', 'timeFormat', 'tz', 'subject'] as const) {
    metadata.set(name, interpretation[name].value ?? '');
    metadata.set(`${name}.because`, interpretation[name].because);
  }
  for (const [from, to] of rename.value) metadata.set(`rename.${from}`, to);
  return metadata;
}
