import type { RecordingDescription } from '../../schemas/types.ts';
import { certain } from '../formats/support/decision.ts';
import { McapRecording } from '../mcap/reading/mcap-recording.ts';
import type { AnyRecording } from '../playing/playable.ts';
import { decisionsOf, guessesOf, guessText, type NamedDecision } from '../reading/inference/guesses.ts';

/** How the recording was read. An MCAP file names its channels itself, so nothing else is inferred. */
export function inferredOf(recording: AnyRecording): RecordingDescription['inferred'] {
  if (recording instanceof McapRecording) {
    return { channels: certain(recording.channels.join(', '), 'the file says so') };
  }
  return Object.fromEntries(
    decisionsOf(recording.interpretation)
      .filter(tells)
      .map(({ name, ...decision }) => [name, shown(decision)]),
  );
}

/** What had to be guessed to read the recording, as sentences with the option that changes each. */
export function guessesIn(recording: AnyRecording): string[] {
  return recording instanceof McapRecording ? [] : guessesOf(recording.interpretation).map(guessText);
}

/** A decision as it is shown: lists and tables as text. */
function shown({
  value,
  instead,
  option,
  ...rest
}: Omit<NamedDecision, 'name'>): RecordingDescription['inferred'][string] {
  return {
    value: shownValue(value),
    ...rest,
    ...(option !== null && { option }),
    ...(instead && { instead: { value: shownValue(instead.value), because: instead.because } }),
  };
}

function shownValue(value: unknown): string | number | boolean | null {
  if (value instanceof Map) return Array.from(value, ([from, to]) => `${from}=${to}`).join(', ');
  if (value === null) return null;
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item))).join(', ');
  return typeof value === 'object' || value === undefined ? JSON.stringify(value ?? null) : (value as string);
}

/** Whether a decision says something: that nothing is renamed or nested does not. */
function tells({ option, certainty, value }: NamedDecision): boolean {
  return option !== null || certainty === 'guess' || shownValue(value) !== '';
}
