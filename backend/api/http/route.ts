import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import type { ChannelUse } from './access/channel-rights.ts';
import type { Principal } from './keyring.ts';
import type { Scope } from './scope.ts';
import type { Incoming } from '../../../core/wire/incoming-event.ts';

/** A JSON Schema (2020-12), or a reference to a file of schemas/: `{ $ref: 'reprise:/resources/replay' }`. */
export type Schema = { [keyword: string]: unknown };

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A validated request: its path, query and body have the shapes that the route declares. */
export interface Call<Query, Body> {
  params: { [name: string]: string };
  query: Query;
  body: Body;
  /** The rows of a body that holds events or bare data, with their texts. @throws refusal `body_malformed` */
  incoming(): Incoming;
  /** For a request with an Idempotency-Key: hexadecimal digits that each repetition has, and nothing else. */
  once: string | undefined;
  /** Aborted when the caller disconnects. A request with an Idempotency-Key is handled to its end. */
  signal: AbortSignal;
  /** The owner of the key. */
  caller: Principal;
  request: Request;
  response: Response;
}

/**
 * A JSON body. `ndjson`: newline-delimited JSON is accepted too and becomes an array; a line that is not JSON becomes a
 * string. `events`: also CloudEvents, one or a batch.
 */
export interface JsonBody {
  schema: Schema;
  limitBytes?: number;
  ndjson?: boolean;
  events?: boolean;
}

/** A body that the handler reads itself. */
export interface RawBody {
  raw: { [mediaType: string]: Schema };
}

export interface ResponseSpec {
  description: string;
  schema?: Schema;
  /** Media type if it is not JSON. */
  type?: string;
  /** Also available as Server-Sent Events with `Accept: text/event-stream`. */
  streams?: true;
  headers?: { [name: string]: string };
}

/**
 * What an operation does besides answering. none: nothing. data: it writes events. change: it changes something that lasts,
 * or starts something.
 */
export type Effect = 'none' | 'data' | 'change';

/** One operation, declared once: mounting, validation and OpenAPI are derived from it. */
export interface Route<Context, Query = unknown, Body = unknown> {
  method: Method;
  /** `/channels/{channel}`; a final `{path*}` matches several segments. */
  path: string;
  summary: string;
  description?: string;
  scope: Scope;
  /** How it concerns channels, for keys that are limited to some. */
  channels: ChannelUse;
  /** Default: none for GET, change for other methods. */
  effect?: Effect;
  /**
   * Reads what a change is about before it is made, for the audit trail. Default: what the GET of the same path answers.
   * What it throws counts as nothing.
   */
  before?(call: Call<unknown, unknown>, context: Context): unknown;
  params?: { [name: string]: Schema };
  query?: { [name: string]: Schema };
  required?: string[];
  /** Whether undeclared query parameters are ignored instead of refused. */
  lenient?: boolean;
  body?: JsonBody | RawBody;
  responses: { [status: number]: ResponseSpec };
  /**
   * Returns a JSON value (sent with status 200) or an HttpReply; undefined if it has written the response itself.
   * @throws RepriseError
   */
  handle(call: Call<Query, Body>, context: Context): unknown;
}

/** What an operation does besides answering. */
export function effectOf({ method, effect }: { method: Method; effect?: Effect | undefined }): Effect {
  return effect ?? (method === 'get' ? 'none' : 'change');
}

/** A response with another status, with headers, or without a body. */
export class HttpReply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: { [name: string]: string };

  constructor(status: number, body?: unknown, headers: { [name: string]: string } = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** An answer as it is sent. */
export interface RenderedReply {
  status: number;
  headers: { [name: string]: string };
  /** '' for an answer without a body. */
  text: string;
}

/** Formats the answer of a handler. */
export function renderReply(answer: unknown): RenderedReply {
  const reply = answer instanceof HttpReply ? answer : new HttpReply(200, answer);
  const { status, headers, body } = reply;
  if (body === undefined) return { status, headers, text: '' };
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/json; charset=utf-8' },
    text: jsonOf(body),
  };
}

/** JSON text that is sent without being parsed, as a whole answer or inside one. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Stands for the texts inside an answer while it is formatted. Nobody outside of this process knows it. */
const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}:(\\d+)"`, 'g');

/** A value as JSON text. Each JsonText in it stands there as it is. */
export function jsonOf(value: unknown): string {
  if (value instanceof JsonText) return value.text;
  const inner: string[] = [];
  const text = JSON.stringify(value, (_name, each: unknown) =>
    each instanceof JsonText ? `${MARK}:${inner.push(each.text) - 1}` : each,
  );
  return inner.length === 0 ? text : text.replace(MARKED, (_, i: string) => inner[Number(i)]!);
}

/** A reference to a schema file. */
export const ref = (name: string): Schema => ({ $ref: `reprise:/${name}` });

/** The schema of a list as the API returns lists: `{"items": [...]}` with further members beside it. */
export const listOf = (items: Schema, more: { [member: string]: Schema } = {}): Schema => ({
  type: 'object',
  required: ['items', ...Object.keys(more)],
  properties: { items: { type: 'array', items }, ...more },
});

/** The names of the parameters in a route's path. */
export const pathParamsOf = (path: string): string[] =>
  Array.from(path.matchAll(/\{(\w+)\*?\}/g), ([, name]) => name!);
