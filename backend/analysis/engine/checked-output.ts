import type { Data } from '../../../core/wire/event.ts';
import type { Output } from './results.ts';

/** 9999-12-31T23:59:59.999Z, the last time of RFC 3339. */
const TIME_MAX_MS = 253_402_300_799_999;

/**
 * Checks what a service has derived, and adds the text of its data. That happens here, and not when it is written, so that it
 * is known at which event the service derived something that can't be written, or that takes too long to write.
 * @param names the names of the service's outputs; null: any
 * @throws Error saying what is wrong
 */
export function checkedOutput(output: Output, names: ReadonlySet<string> | null): Output {
  const { to, subject, timeMs, data, cause } = output;
  if (names && !names.has(to)) throw new Error(`there is no output "${to}"`);
  if (typeof subject !== 'string') throw new TypeError('a subject must be a text');
  if (!(Math.abs(timeMs) <= TIME_MAX_MS)) throw new RangeError('timeMs must be a time, in epoch ms');
  if (data) output.text = jsonOf(data);
  else if (!cause) throw new Error('a timer must derive events with data');
  return output;
}

/** @throws TypeError if JSON can't express it as an object */
function jsonOf(data: Data): string {
  const text = JSON.stringify(data) as string | undefined;
  if (!text?.startsWith('{')) throw new TypeError('data must be an object');
  return text;
}
