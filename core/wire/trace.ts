import { hash, randomFillSync } from 'node:crypto';
import { limits } from './limits.ts';

/** The place of an event in a trace (W3C Trace Context, level 1). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  trace: string;
  /** 16 hexadecimal digits: the span that produced the event. */
  span: string;
  isSampled: boolean;
}

/** Later versions may add fields after the fourth; version ff is not valid. core/lua/protocol/pending.lua has the same rule. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** Parses a `traceparent`; null if it is not valid. */
export function parseTraceparent(text: string | null | undefined): TraceContext | null {
  const [, version, trace, span, flags, more] = (text && TRACEPARENT.exec(text)) || [];
  if (!trace || !span || (version === '00' && more !== undefined)) return null;
  return { trace, span, isSampled: (parseInt(flags!, 16) & 1) === 1 };
}

/** Whether a text is a valid `traceparent`. */
export function isTraceparent(text: string | undefined): boolean {
  return parseTraceparent(text) !== null;
}

const TRACESTATE_MEMBERS_MAX = 32;
const TRACESTATE_MEMBER =
  /^[a-z\d][-_*/a-z\d]{0,255}(?:@[a-z\d][-_*/a-z\d]{0,13})?=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/** Whether a text is a valid `tracestate`: what other tracing systems say of a trace, which is passed on unchanged. */
export function isTracestate(text: string): boolean {
  const members = text.split(',').map((each) => each.trim());
  const given = members.filter((each) => each !== '');
  return (
    text.length <= limits.TRACESTATE_MAX &&
    given.length > 0 &&
    given.length <= TRACESTATE_MEMBERS_MAX &&
    given.every((each) => TRACESTATE_MEMBER.test(each))
  );
}

/** Whether a `traceparent` says that its trace is sampled. It reads the last digit only, and does not validate the text. */
export function mayBeSampled(text: string): boolean {
  return '13579bdf'.includes(text.at(-1) ?? '0');
}

/** The context as a `traceparent`. */
export function traceparentText({ trace, span, isSampled }: TraceContext): string {
  return `00-${trace}-${span}-${isSampled ? '01' : '00'}`;
}

/** A new trace with random ids. */
export function newTrace(isSampled: boolean): TraceContext {
  return { trace: randomHex(16), span: newSpan(), isSampled };
}

/** A random id of a span. */
export function newSpan(): string {
  return randomHex(8);
}

/** Random bytes are drawn in stock: a single draw takes as long as handling a small event. */
const randomBytes = Buffer.alloc(4_096);
let randomUsed = randomBytes.length;

function randomHex(bytes: number): string {
  if (randomUsed + bytes > randomBytes.length) {
    randomFillSync(randomBytes);
    randomUsed = 0;
  }
  return randomBytes.toString('hex', randomUsed, (randomUsed += bytes));
}

/** The trace of an event that enters a pipeline without one. The same event id always gives the same trace. */
export function traceOf(event: string): TraceContext {
  const digits = hash('sha1', event);
  return { trace: digits.slice(0, 32), span: digits.slice(-16), isSampled: false };
}

/**
 * The id of the span in which a service handles an event. It is the same at every attempt. core/lua/protocol/pending.lua
 * has the same rule.
 */
export function spanIdOf(service: string, event: string): string {
  return hash('sha1', `${service} ${event}`).slice(0, 16);
}
