import { hash, randomBytes } from 'node:crypto';
import type { Hop } from '../schemas/types.ts';
import { callFunction, type Redis } from './redis.ts';

/** W3C Trace Context, level 1: where an event is in a trace. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  trace: string;
  /** 16 hexadecimal digits: the span that the event came from. */
  span: string;
  isSampled: boolean;
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** Reads a `traceparent`; null where it is none. */
export function parseTraceparent(text: string | undefined): TraceContext | null {
  const [, trace, span, flags] = (text && TRACEPARENT.exec(text)) || [];
  if (!trace || !span || /^0+$/.test(trace) || /^0+$/.test(span)) return null;
  return { trace, span, isSampled: (parseInt(flags!, 16) & 1) === 1 };
}

export function traceparentText({ trace, span, isSampled }: TraceContext): string {
  return `00-${trace}-${span}-${isSampled ? '01' : '00'}`;
}

/** A trace that begins here. */
export function newTrace(isSampled: boolean): TraceContext {
  return { trace: randomBytes(16).toString('hex'), span: newSpan(), isSampled };
}

export function newSpan(): string {
  return randomBytes(8).toString('hex');
}

/** The trace of an event that brings none, and enters a pipeline: the same however often it does. */
export function traceOf(event: string): TraceContext {
  const digits = hash('sha1', event);
  return { trace: digits.slice(0, 32), span: digits.slice(-16), isSampled: false };
}

/** The span of what a service does with an event: the same however often it is tried, as protocol.lua has it. */
export function spanOf(service: string, event: string): string {
  return hash('sha1', `${service} ${event}`).slice(0, 16);
}

const HOPS_AT_ONCE = 1_000;

/** Puts hops on record, beside those that services commit. */
export async function noteHops(redis: Redis, hops: Hop[]): Promise<void> {
  for (let at = 0; at < hops.length; at += HOPS_AT_ONCE) {
    const some = hops.slice(at, at + HOPS_AT_ONCE);
    await callFunction(
      redis,
      'note',
      [],
      some.flatMap((hop) => [hop.trace, JSON.stringify(hop)]),
    );
  }
}
