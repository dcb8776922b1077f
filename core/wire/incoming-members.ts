import { extensionProblem, isExtension, textProblem } from './attributes.ts';
import type { Data } from './event.ts';
import { routeProblem } from './pipeline.ts';
import { isTracestate, parseTraceparent, traceparentText } from './trace.ts';

/** The members with which an event tells its trace (W3C Trace Context). */
export interface TraceMembers {
  traceparent: string;
  tracestate?: string | undefined;
}

/** What the sender's channel or program called the event, and the extension that keeps it. */
const ORIGINS = { id: 'originid', source: 'originsource', type: 'origintype' };

/**
 * Reads the members of an event that stay with it, besides subject, time and data.
 * @param event the event, parsed
 * @param texts its members as they are written
 * @param trace the trace it belongs to unless it names one
 * @returns JSON texts by name, or the reason why a member is refused
 */
export function readMembers(
  event: Data,
  texts: ReadonlyMap<string, string>,
  trace: TraceMembers | undefined,
): Map<string, string> | string {
  const members = new Map<string, string>();
  for (const name of ['datacontenttype', 'dataschema', 'pipeline']) {
    if (event[name] === undefined || event[name] === null) continue;
    const problem = textProblem(name, event[name]);
    if (problem) return problem;
    members.set(name, JSON.stringify(event[name]));
  }
  const traced = traceIn(event) ?? trace;
  if (typeof traced === 'string') return traced;
  for (const [name, text] of traceTexts(traced)) members.set(name, text);
  if (event['route'] !== undefined && event['route'] !== null) {
    const problem = routeProblem(event['route']);
    if (problem) return problem;
    members.set('route', JSON.stringify(event['route']));
  }
  const params = paramsIn(event['params']);
  if (params === undefined) return 'params must be an object, or its JSON text: {"<step>": {...}}';
  if (params !== null) members.set('params', JSON.stringify(params));
  for (const [name, text] of texts) {
    if (!isExtension(name) || event[name] === null) continue;
    const problem = extensionProblem(name, event[name]);
    if (problem) return problem;
    members.set(name, text);
  }
  for (const [name, origin] of Object.entries(ORIGINS)) {
    const value = event[name];
    if (value === undefined || value === null || members.has(origin)) continue;
    const problem = value === '' ? `${name} must not be empty` : textProblem(name, value);
    if (problem) return problem;
    members.set(origin, JSON.stringify(value));
  }
  return members;
}

/** The trace that an event tells; null if it tells none, or the reason why that is not valid. */
function traceIn({ traceparent = null, tracestate = null }: Data): TraceMembers | string | null {
  if (traceparent === null) return tracestate === null ? null : 'tracestate needs traceparent';
  const context = typeof traceparent === 'string' ? parseTraceparent(traceparent) : null;
  if (!context) return `traceparent is not valid: ${shown(traceparent)}`;
  if (tracestate !== null && !(typeof tracestate === 'string' && isTracestate(tracestate)))
    return `tracestate is not valid: ${shown(tracestate)}`;
  return { traceparent: traceparentText(context), tracestate: tracestate ?? undefined };
}

/** The members that tell a trace, as JSON text. */
export function traceTexts(trace: TraceMembers | undefined): [name: string, text: string][] {
  if (!trace) return [];
  const { traceparent, tracestate } = trace;
  const texts: [string, string][] = [['traceparent', JSON.stringify(traceparent)]];
  return tracestate === undefined ? texts : [...texts, ['tracestate', JSON.stringify(tracestate)]];
}

/** Parameters by step as JSON text; null for none, undefined if they are not valid. */
function paramsIn(given: unknown): string | null | undefined {
  if (given === undefined || given === null) return null;
  try {
    const parsed: unknown = typeof given === 'string' ? JSON.parse(given) : given;
    return isObject(parsed) ? (typeof given === 'string' ? given : JSON.stringify(given)) : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Data {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
