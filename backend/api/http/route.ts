import type { Request, Response } from 'express';
import type { Parts } from './parts.ts';

/** A JSON Schema (2020-12), or a reference to a file of schemas/: `{ $ref: 'reprise:/resources/replay' }`. */
export type Schema = { [keyword: string]: unknown };

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** What a caller must be allowed to: look, steer, or administer. */
export type Scope = 'read' | 'control' | 'admin';

/** A request after the door: its parts have the shape that the route declares. */
export interface Call<Query, Body> {
  params: { [name: string]: string };
  query: Query;
  body: Body;
  /** Aborted when the caller hangs up. */
  signal: AbortSignal;
  request: Request;
  response: Response;
}

/** A JSON body up to a size. `ndjson`: lines of JSON are taken too, as an array; a line that is not JSON comes as text. */
export interface JsonBody {
  schema: Schema;
  limitBytes?: number;
  ndjson?: boolean;
}

/** A body that the handler reads itself. */
export interface RawBody {
  raw: { [mediaType: string]: Schema };
}

export interface ResponseSpec {
  description: string;
  schema?: Schema;
  /** Media type, if not JSON. */
  type?: string;
  /** Also as Server-Sent Events, for those who ask for `text/event-stream`. */
  streams?: true;
  headers?: { [name: string]: string };
}

/** One operation, declared once: mounting, validation and OpenAPI all come from here. */
export interface Route<Query = unknown, Body = unknown> {
  method: Method;
  /** `/channels/{channel}`; a last `{path*}` takes several segments. */
  path: string;
  summary: string;
  description?: string;
  scope: Scope;
  params?: { [name: string]: Schema };
  query?: { [name: string]: Schema };
  required?: string[];
  /** Query parameters that nobody declared are ignored instead of refused. */
  lenient?: boolean;
  body?: JsonBody | RawBody;
  responses: { [status: number]: ResponseSpec };
  /** Answers a JSON value (200), a Reply, or nothing when it has written the response itself. @throws RepriseError */
  handle(call: Call<Query, Body>, parts: Parts): unknown;
}

/** A noun: its name in the docs, and its routes. A file under resources/ exports one as its default. */
export interface Resource {
  name: string;
  description: string;
  routes: Route[];
}

/** Declares a route; the type parameters are what its schemas let through. */
export function route<Query = Record<string, never>, Body = never>(declared: Route<Query, Body>): Route {
  return declared;
}

/** An answer that is more than 200 with a JSON value. */
export class Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: { [name: string]: string };

  constructor(status: number, body?: unknown, headers: { [name: string]: string } = {}) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** JSON text that need not be parsed to be sent. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A reference to a schema file. */
export const ref = (name: string): Schema => ({ $ref: `reprise:/${name}` });

/** The schema of a list as the API answers lists. */
export const listOf = (items: Schema, more: { [member: string]: Schema } = {}): Schema => ({
  type: 'object',
  required: ['items', ...Object.keys(more)],
  properties: { items: { type: 'array', items }, ...more },
});

/** The names of the parameters in a route's path. */
export const pathParamsOf = (path: string): string[] =>
  Array.from(path.matchAll(/\{(\w+)\*?\}/g), ([, name]) => name!);
