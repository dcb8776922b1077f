import type { Request } from 'express';
import { refusal } from '../../../core/problems/errors.ts';
import type { Incoming, TraceMembers } from '../../../core/wire/incoming-event.ts';
import { partsOf, type JsonValue } from '../../../core/wire/json-text.ts';
import { isTracestate, parseTraceparent, traceparentText } from '../../../core/wire/trace.ts';
import { bodyTextOf, isNdjson, lineValue, linesOf } from './json-body.ts';

const EVENT_TYPE = 'application/cloudevents+json';
const BATCH_TYPE = 'application/cloudevents-batch+json';
const ATTRIBUTE_PREFIX = 'ce-';
const PLAIN_JSON = /^application\/json\s*(?:;\s*charset="?utf-?8"?\s*)?$/i;

/**
 * The rows in the body of a request, with their texts: bare data, or CloudEvents 1.0 in the structured, the batched or the
 * binary mode of HTTP (one event: its attributes are the headers `ce-*`, the body its data).
 * @throws refusal `body_malformed` if the body is not what its type says
 */
export function incomingOf(request: Request): Incoming {
  const trace = traceOf(request);
  if (request.get('ce-specversion') !== undefined)
    return { rows: [binaryEvent(request)], areEvents: true, trace };
  return { rows: rowsOf(request), areEvents: request.is([EVENT_TYPE, BATCH_TYPE]) !== false, trace };
}

function rowsOf(request: Request): JsonValue[] {
  const text = bodyTextOf(request);
  if (isNdjson(request)) return linesOf(text).map((line) => ({ text: line.trim(), value: lineValue(line) }));
  const value: unknown = request.body;
  const isList = Array.isArray(value);
  if (isList ? request.is(EVENT_TYPE) : request.is(BATCH_TYPE))
    throw malformed(
      isList ? `${EVENT_TYPE} is one event, and the body is an array` : `${BATCH_TYPE} is an array of events`,
    );
  if (!isList) return [{ text: text.trim(), value }];
  const parts = partsOf(text);
  return value.map((each: unknown, i) => ({ text: parts[i]!, value: each }));
}

/** An event whose attributes are headers. Node.js gives the names of headers in lower case. */
function binaryEvent(request: Request): JsonValue {
  if (isNdjson(request))
    throw malformed('an event whose attributes are headers has one JSON object as its data');
  const attributes: { [name: string]: string } = {};
  for (const [header, value] of Object.entries(request.headers)) {
    if (!header.startsWith(ATTRIBUTE_PREFIX)) continue;
    attributes[header.slice(ATTRIBUTE_PREFIX.length)] = attributeText(header, [value].flat().join(', '));
  }
  delete attributes['data'];
  const type = request.get('Content-Type') ?? '';
  if (!PLAIN_JSON.test(type)) attributes['datacontenttype'] = type;
  const text = bodyTextOf(request).trim();
  const members = JSON.stringify(attributes).slice(1, -1);
  return { text: `{${members},"data":${text}}`, value: { ...attributes, data: request.body as unknown } };
}

/** The text of an attribute in a header: without quotes and their escapes, and percent-decoded. */
function attributeText(header: string, given: string): string {
  const bare = /^".*"$/s.test(given) ? given.slice(1, -1).replace(/\\(.)/g, '$1') : given;
  try {
    if (/^[\x20-\x7e]*$/.test(bare)) return decodeURIComponent(bare.replace(/%(?![\da-f]{2})/gi, '%25'));
  } catch {
    // Refused below.
  }
  throw malformed(`the header ${header} is not percent-encoded UTF-8`);
}

/** The trace that the request belongs to. As W3C Trace Context says, headers that are not valid count as absent. */
function traceOf(request: Request): TraceMembers | undefined {
  const context = parseTraceparent(request.get('traceparent')?.trim());
  if (!context) return undefined;
  const tracestate = request.get('tracestate')?.trim();
  return {
    traceparent: traceparentText(context),
    ...(tracestate !== undefined && isTracestate(tracestate) && { tracestate }),
  };
}

const malformed = (what: string) =>
  refusal('body_malformed', `The body can't be read as events: ${what}.`, {
    hint: 'docs/events.md describes how to send CloudEvents.',
  });
