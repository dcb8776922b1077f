import { inputLimits } from '../../schemas/input-limits.ts';

const DEPTH_MAX: number = inputLimits.jsonDepth.max;
/** What stands around the data of an event that is allowed: the event, a batch, and what a reader puts it into. */
const AROUND_DATA = 20;

/** Why a deeper value is refused. */
export const TOO_DEEP = `it is nested more than ${DEPTH_MAX} levels deep`;

/**
 * Whether a JSON text has lists and objects within each other deeper than is allowed. What walks through a value calls itself
 * for each level, and so does JSON.stringify: a deep value would end the stack.
 */
export function isTooDeep(text: string, depthMax = DEPTH_MAX): boolean {
  return hasMany(text, depthMax) && depthOf(text, depthMax) > depthMax;
}

/** Parses an event, whose data may be as deep as is allowed. @throws SyntaxError, RangeError */
export function parseEventJson(line: string): unknown {
  if (isTooDeep(line, DEPTH_MAX + AROUND_DATA)) throw new RangeError(TOO_DEEP);
  return JSON.parse(line) as unknown;
}

/**
 * Parses a JSON text that comes from outside.
 * @throws SyntaxError if it is not JSON, RangeError if it is nested too deep
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new RangeError(TOO_DEEP);
  return JSON.parse(text) as unknown;
}

/** Whether a value is nested too deep, for what was parsed elsewhere. */
export function isValueTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    const objects = level.filter((each): each is object => typeof each === 'object' && each !== null);
    if (objects.length > 0 && depth === DEPTH_MAX) return true;
    level = objects.flatMap((each) => Object.values<unknown>(each as { [name: string]: unknown }));
  }
  return false;
}

/** Whether enough lists or objects begin in a text that it might be too deep: hardly any does, and this is fast. */
function hasMany(text: string, depthMax: number): boolean {
  if (text.length <= depthMax) return false;
  let begins = 0;
  for (const sign of ['{', '['])
    for (let at = text.indexOf(sign); at >= 0; at = text.indexOf(sign, at + 1))
      if (++begins > depthMax) return true;
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, `]` and `}` differ in one bit. */
const BEGINS = 0x5b;
const ENDS = 0x5d;
const CASE = 0x20;

/** How deep a text is nested at most; counting stops beyond what is allowed. */
function depthOf(text: string, depthMax: number): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < text.length && deepest <= depthMax; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) isText = !isText;
    else if (isText) at += Number(code === BACKSLASH);
    else if ((code & ~CASE) === BEGINS) deepest = Math.max(deepest, ++depth);
    else if ((code & ~CASE) === ENDS) depth--;
  }
  return deepest;
}
