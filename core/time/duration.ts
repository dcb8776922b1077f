import { refusal } from '../problems/errors.ts';

const UNITS_MS: { [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(-?)(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Milliseconds of a duration such as 90s, 1.5h or -10s; null if the text is not a duration. */
export function parseDurationMs(text: string): number | null {
  const match = DURATION.exec(text);
  return match && Number(match[2]) * UNITS_MS[match[3]!]! * (match[1] ? -1 : 1);
}

/**
 * Milliseconds of a duration such as 90s or 1.5h.
 * @param name what the message calls it, such as "idle time"
 * @throws refusal `span_malformed`, also for a negative duration unless `mayBeNegative`
 */
export function durationMs(text: string, name: string, { mayBeNegative = false } = {}): number {
  const ms = parseDurationMs(text);
  if (ms !== null && (ms >= 0 || mayBeNegative)) return ms;
  throw refusal('span_malformed', `"${text.slice(0, 60)}" is not a valid ${name}.`, {
    hint: 'Write a number and a unit: 500ms, 10s, 5m, 1.5h, 2d.',
  });
}
