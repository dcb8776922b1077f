import { limits } from './limits.ts';

/**
 * Attributes of events that Reprise does not know: extensions of CloudEvents 1.0. They stay with an event wherever it is
 * passed on.
 */

/** Members that a channel gives each event itself, whatever was given. */
const ASSIGNED = new Set([
  ...['id', 'source', 'type', 'epoch', 'offset', 'sent', 'replay'],
  ...['restored', 'bare', 'partition', 'atmostonce', 'attempt'],
]);

/** Members of events that have a meaning here, so that no extension can have their names. */
const KNOWN = new Set([
  ...ASSIGNED,
  ...['specversion', 'subject', 'time', 'datacontenttype', 'dataschema', 'data', 'data_base64'],
  ...['traceparent', 'tracestate', 'pipeline', 'route', 'params'],
]);

/** The names that no extension can have. core/lua/protocol/members.lua has the same ones. */
export const KNOWN_MEMBERS: readonly string[] = [...KNOWN];

const NAME = /^[a-z0-9]+$/;
const INTEGER_MAX = 2 ** 31;
/** Characters that CloudEvents does not allow in text: controls, noncharacters, and half surrogate pairs. */
const NOT_TEXT = /[\p{Cc}\p{Surrogate}\uFDD0-\uFDEF\uFFFE\uFFFF]/u;

/** Whether a member of an event is an extension, so not one that has a meaning here. */
export function isExtension(name: string): boolean {
  return !KNOWN.has(name);
}

/** The error in an extension attribute of CloudEvents, or null. */
export function extensionProblem(name: string, value: unknown): string | null {
  if (!NAME.test(name) || name.length > limits.ATTRIBUTE_NAME_MAX)
    return `"${name.slice(0, 80)}" can't be an attribute: names have at most ${limits.ATTRIBUTE_NAME_MAX} lower-case letters and digits`;
  if (typeof value === 'boolean') return null;
  if (typeof value === 'string') return textProblem(name, value);
  const isInteger = Number.isInteger(value) && Number(value) >= -INTEGER_MAX && Number(value) < INTEGER_MAX;
  return isInteger ? null : `${name} must be text, true, false, or an integer of 32 bits`;
}

/** The error in an attribute that must be text, or null. */
export function textProblem(name: string, value: unknown): string | null {
  if (typeof value !== 'string') return `${name} must be text`;
  return NOT_TEXT.test(value) ? `${name} contains a character that is not allowed in text` : null;
}

/** The valid extensions of an event; undefined if it has none, as nearly always. */
export function extensionsOf(event: object): { [name: string]: unknown } | undefined {
  let found: { [name: string]: unknown } | undefined;
  for (const name in event) {
    if (KNOWN.has(name)) continue;
    const value = (event as { [name: string]: unknown })[name];
    if (extensionProblem(name, value) === null) (found ??= {})[name] = value;
  }
  return found;
}

/** Members as JSON text with a leading comma, such as `,"tenant":"a"`. */
export function membersText(members: { [name: string]: unknown }): string {
  return `,${JSON.stringify(members).slice(1, -1)}`;
}
