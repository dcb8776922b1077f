import { refusal } from '../problems/errors.ts';

const UNITS_MS: { [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SPAN = /^(-?)(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** A span of time such as 90s, 1.5h, -10s, in milliseconds; null when it is none. */
export function parseDurationMs(text: string): number | null {
  const match = SPAN.exec(text);
  return match && Number(match[2]) * UNITS_MS[match[3]!]! * (match[1] ? -1 : 1);
}

/** The same; a negative one only where it may be. @throws refusal `span_malformed`, in which it is called `name` */
export function durationMs(text: string, name: string, { mayBeNegative = false } = {}): number {
  const ms = parseDurationMs(text);
  if (ms !== null && (ms >= 0 || mayBeNegative)) return ms;
  throw refusal('span_malformed', `"${text.slice(0, 60)}" is no ${name}.`, {
    hint: 'Write a number and a unit: 500ms, 10s, 5m, 1.5h, 2d.',
  });
}
