import { refusal } from '../../../core/problems/errors.ts';
import type { Decision } from '../../formats/support/decision.ts';
import type { Format } from '../../formats/support/format.ts';

/** The refusal of a recording that can't be followed as it grows. `because` goes on after "can't be followed: ". */
export function unfollowed(name: string, because: string, hint?: string): Error {
  return refusal('follow_impossible', `${name} can't be followed: ${because}.`, {
    hint: hint ?? 'Play it without --follow.',
  });
}

/** @throws refusal `follow_impossible` unless any run of whole lines of this format and encoding can be read by itself */
export function refuseUnfollowable(name: string, format: Format, encoding: Decision<string>): void {
  if (!format.cut)
    throw unfollowed(
      name,
      `it was read as ${format.name}, which is not a format of lines`,
      'If each line is a row, name its format with --format, for instance ndjson. Else play it without --follow.',
    );
  if (/^utf-(?:16|32)/.test(encoding.value))
    throw unfollowed(
      name,
      `its encoding is ${encoding.value}, and lines are looked for in encodings like UTF-8`,
    );
}
