import { hash, randomFillSync } from 'node:crypto';

/** W3C Trace Context, level 1: where an event is in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  trace: string;
  /** 16 hexadecimal digits: the span that the event came from. */
  span: string;
  isSampled: boolean;
}

const TRACEPARENT = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;

/** Reads a `traceparent`; null where it is none. */
export function parseTraceparent(text: string | undefined): TraceContext | null {
  const [, trace, span, flags] = (text && TRACEPARENT.exec(text)) || [];
  if (!trace || !span) return null;
  return { trace, span, isSampled: (parseInt(flags!, 16) & 1) === 1 };
}

/** Whether a text is a `traceparent`. */
export function isTraceparent(text: string | undefined): boolean {
  return text !== undefined && TRACEPARENT.test(text);
}

/** Whether a text, if it is a `traceparent`, is one of a sampled trace: its last bit. */
export function mayBeSampled(text: string): boolean {
  return '13579bdf'.includes(text.at(-1) ?? '0');
}

export function traceparentText({ trace, span, isSampled }: TraceContext): string {
  return `00-${trace}-${span}-${isSampled ? '01' : '00'}`;
}

/** A trace that begins here. */
export function newTrace(isSampled: boolean): TraceContext {
  return { trace: randomHex(16), span: newSpan(), isSampled };
}

export function newSpan(): string {
  return randomHex(8);
}

/** Chance is asked for this much at once: each question takes as long as a small event. */
const chance = Buffer.alloc(4_096);
let chanceAt = chance.length;

function randomHex(bytes: number): string {
  if (chanceAt + bytes > chance.length) {
    randomFillSync(chance);
    chanceAt = 0;
  }
  return chance.toString('hex', chanceAt, (chanceAt += bytes));
}

/** The trace of an event that brings none, and enters a pipeline: the same however often it does. */
export function traceOf(event: string): TraceContext {
  const digits = hash('sha1', event);
  return { trace: digits.slice(0, 32), span: digits.slice(-16), isSampled: false };
}

/** The span of what a service does with an event: the same however often it is tried, as core/lua/protocol/pending.lua has it. */
export function spanIdOf(service: string, event: string): string {
  return hash('sha1', `${service} ${event}`).slice(0, 16);
}
