import { refusal } from '../../../core/problems/errors.ts';

/** The refusal of a recording without a byte. */
export function emptyRecording(name: string): Error {
  return refusal('recording_empty', `${name} is empty.`, { hint: 'Record or choose another file.' });
}
