import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Request, Response } from 'express';
import { refusal } from '../../../core/problems/errors.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { waitOut } from '../../../core/redis/wait-out.ts';
import { principalOf } from './guard.ts';
import { bodyDigestOf } from './json-body.ts';
import type { RenderedReply } from './route.ts';

/** What is kept of a request, before the text of its answer. `status` 0: the request is still being handled. */
interface StoredHead {
  fingerprint: string;
  /** The process that handles the request. */
  owner: string;
  status: number;
  headers: { [name: string]: string };
}

const STORED_SECONDS = 86_400;
/** How long a key outlives a process that was killed. The key of a living one is renewed. */
const PENDING_MS = 15_000;
const RENEWAL_MS = 4_000;
/** How long an answer waits until it is kept. */
const STORE_WAIT_MS = 1_000;
const KEY_MAX = 200;
const LINE_FEED = 10;
const packed = promisify(gzip);
const unpacked = promisify(gunzip);

/**
 * Begins a request with the header `Idempotency-Key` (IETF draft-ietf-httpapi-idempotency-key-header): one that is repeated
 * with the same key within a day is done once, and gets the same answer, also where the first caller did not wait for it.
 * Call it after the request has been validated.
 * @returns the first answer, for a repetition; the request to finish, for a new one; null without the header
 * @throws refusal `idempotency_key`, `idempotency_mismatch`, `idempotency_under_way`
 */
export async function beginOnce(
  redis: Redis,
  request: Request,
  response: Response,
): Promise<RenderedReply | RequestOnce | null> {
  const given = request.get('Idempotency-Key');
  if (given === undefined) return null;
  // The draft writes the key in quotes; many clients leave them out.
  const name = given.replace(/^"(.*)"$/, '$1');
  if (name === '' || name.length > KEY_MAX)
    throw refusal('idempotency_key', `An Idempotency-Key must have 1 to ${KEY_MAX} characters.`);
  const [path] = request.originalUrl.split('?');
  const id = digest(`${principalOf(response).name} ${path} ${name}`);
  const fingerprint = fingerprintOf(request);
  const once = new RequestOnce(redis, id, fingerprint);
  if (await once.begin()) return once;
  const stored = await redis.getBuffer(keys.idempotency(id));
  const head = stored && headOf(stored);
  if (head && head.fingerprint !== fingerprint)
    throw refusal('idempotency_mismatch', 'This Idempotency-Key was used for another request.', {
      hint: 'Use a new key for each request, and the same key only to repeat a request.',
    });
  if (!head || head.status === 0) {
    response.set('Retry-After', '1');
    throw refusal('idempotency_under_way', 'The request with this Idempotency-Key is still being handled.', {
      hint: 'Repeat the request later.',
    });
  }
  const body = stored.subarray(stored.indexOf(LINE_FEED) + 1);
  const text = (await unpacked(body)).toString();
  return { status: head.status, headers: { ...head.headers, 'Idempotent-Replayed': 'true' }, text };
}

/** A request with an Idempotency-Key, from its beginning until its answer is stored. */
export class RequestOnce {
  /** The same for each repetition: hexadecimal digits that nothing else has. */
  readonly id: string;
  readonly #redis: Redis;
  readonly #key: string;
  readonly #pending: StoredHead;
  #renewal: NodeJS.Timeout | undefined;

  constructor(redis: Redis, id: string, fingerprint: string) {
    this.id = id;
    this.#redis = redis;
    this.#key = keys.idempotency(id);
    this.#pending = { fingerprint, owner: randomUUID(), status: 0, headers: {} };
  }

  /** False if the key is taken. The key stays until `finish` or `forget`, or until this process is killed. */
  async begin(): Promise<boolean> {
    const text = `${JSON.stringify(this.#pending)}\n`;
    if (!(await this.#redis.set(this.#key, text, 'PX', PENDING_MS, 'NX'))) return false;
    this.#renewal = setInterval(() => {
      this.#redis.pexpire(this.#key, PENDING_MS).catch(() => {});
    }, RENEWAL_MS);
    return true;
  }

  /**
   * Keeps the answer for a day. While Redis is full, the request stays under way, so that it is not done again; this waits
   * only shortly for that.
   */
  async finish({ status, headers, text }: RenderedReply): Promise<void> {
    const head: StoredHead = { ...this.#pending, status, headers };
    const value = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), await packed(text)]);
    const store = () => this.#redis.set(this.#key, value, 'EX', STORED_SECONDS);
    const stored = this.#end(() => waitOut(this.#redis, store));
    await Promise.race([stored, delay(STORE_WAIT_MS, undefined, { ref: false })]);
  }

  /** Frees the key, so that the request can be tried again. */
  async forget(): Promise<void> {
    await this.#end(() => this.#redis.del(this.#key));
  }

  /** After a pause of this process the key may have expired, and a repetition may have begun: then it is not touched. */
  async #end(write: () => Promise<unknown>): Promise<void> {
    try {
      const stored = await this.#redis.getBuffer(this.#key);
      if (stored && headOf(stored).owner === this.#pending.owner) await write();
    } catch {
      // The answer is sent all the same.
    } finally {
      clearInterval(this.#renewal);
    }
  }
}

/**
 * What makes a request the same request: its query, its media type, and the bytes of its body. An upload is read later: its
 * length stands for its bytes, and the digest if the caller gives one.
 */
function fingerprintOf(request: Request): string {
  const [, query = ''] = request.originalUrl.split('?');
  // The boundary of a form is another each time.
  const type = (request.get('Content-Type') ?? '').replace(/;\s*boundary=.*$/i, '');
  const attributes = Object.entries(request.headers).filter(([name]) => name.startsWith('ce-'));
  const body = bodyDigestOf(request) || [
    request.get('Content-Length'),
    request.get('Content-Digest'),
    request.get('Repr-Digest'),
  ];
  return digest(JSON.stringify([request.method, query, type, attributes.sort(), body]));
}

function headOf(stored: Buffer): StoredHead {
  return JSON.parse(stored.toString('utf8', 0, stored.indexOf(LINE_FEED))) as StoredHead;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
