import { isTooDeep, TOO_DEEP } from '../../../core/wire/json-depth.ts';
import { createHash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler } from 'express';
import type { ValidateFunction } from 'ajv';
import { ajv } from '../../../schemas/index.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { validationRefusal } from './problems.ts';
import type { JsonBody } from './route.ts';

const JSON_TYPES = ['application/json', '+json'];
const NDJSON_TYPE = 'application/x-ndjson';
const BODY_LIMIT_BYTES = 1_000_000;
const HINT = { hint: 'Send JSON with Content-Type: application/json.' };

/** What is known of the bytes of a body. */
interface Content {
  digest: string;
  length: number;
  isUtf8: boolean;
}

const contents = new WeakMap<object, Content>();
const texts = new WeakMap<Request, string>();

/** The body of a request as text, with all digits of its numbers; '' without one. */
export function bodyTextOf(request: Request): string {
  return texts.get(request) ?? '';
}

/** A digest of the bytes of a body, unpacked; '' without one. */
export function bodyDigestOf(request: Request): string {
  return contents.get(request)?.digest ?? '';
}

/** Whether a body has one JSON value a line. */
export function isNdjson(request: Request): boolean {
  return request.is(NDJSON_TYPE) !== false;
}

/**
 * Reads a JSON body and checks it against its schema. The value is in `request.body`.
 * @throws refusal `body_type`, `body_missing`, `body_malformed`, `body_too_large`, `request_invalid`
 */
export function bodyChecks(body: JsonBody): RequestHandler[] {
  const { schema, limitBytes = BODY_LIMIT_BYTES, ndjson = false } = body;
  const validate: ValidateFunction = ajv.compile(schema);
  const accepted = ndjson ? [...JSON_TYPES, NDJSON_TYPE] : JSON_TYPES;
  const checkType: RequestHandler = (request, _response, next) => {
    const type = request.headers['content-type'];
    const charset = /;\s*charset="?([^\s;"]+)/i.exec(type ?? '')?.[1] ?? 'utf-8';
    if (!/^utf-?/i.test(charset))
      throw refusal('body_type', `The body has the charset ${charset.slice(0, 40)}.`, {
        hint: 'Send UTF-8.',
      });
    // `is` returns null if there is no body, which `checkBody` refuses.
    if (request.is(accepted) !== false || request.get('Content-Length') === '0') return next();
    throw refusal('body_type', `The body has ${type ? `the type ${type}` : 'no Content-Type'}.`, HINT);
  };
  const verify = (request: object, _response: unknown, bytes: Buffer, charset: string) => {
    const digest = createHash('sha256').update(bytes).digest('hex');
    contents.set(request, { digest, length: bytes.length, isUtf8: charset !== 'utf-8' || isUtf8(bytes) });
  };
  const asText = express.text({ limit: limitBytes, type: accepted, verify });
  const checkBody: RequestHandler = (request, _response, next) => {
    const content = contents.get(request);
    if (!content || content.length === 0) throw refusal('body_missing', 'The request has no body.', HINT);
    if (!content.isUtf8) throw malformed('it is not UTF-8');
    const text = request.body as string;
    texts.set(request, text);
    request.body = isNdjson(request) ? linesOf(text).map(lineValue) : parsed(text);
    if (!validate(request.body)) throw validationRefusal(validate.errors!, '#');
    next();
  };
  return [checkType, asText, checkBody];
}

/** The lines of NDJSON that are not blank. */
export function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

/** The value of a line of NDJSON. A line that is not JSON is a text, which is refused as a row. */
export function lineValue(line: string): unknown {
  try {
    return isTooDeep(line) ? line : JSON.parse(line);
  } catch {
    return line;
  }
}

function parsed(text: string): unknown {
  if (isTooDeep(text)) throw tooDeep('The body');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw malformed((error as Error).message);
  }
}

const tooDeep = (what: string) =>
  refusal('body_malformed', `${what} can't be taken: ${TOO_DEEP}.`, {
    hint: 'Send data with fewer lists and objects within each other.',
  });

const malformed = (what: string) =>
  refusal('body_malformed', `The body is not JSON: ${what}.`, { hint: 'Send JSON (RFC 8259) in UTF-8.' });
