import { hostname } from 'node:os';
import type { Service } from '../../schemas/types.ts';
import { keys } from '../wire/keys.ts';
import type { Redis } from './connection.ts';

const BEAT_MS = 1_000;
/** After so long without a heartbeat a process counts as missing; after so much longer it is forgotten. */
const MISSING_MS = 3_500;
const FORGOTTEN_MS = 60_000;

type Facts = Omit<Service, 'seen'>;

/** The instance name of a process of a role; services in it append `:<service>`. */
export const processInstance = (role: Service['role'], pid = process.pid) => `${role}-${hostname()}-${pid}`;

/** Says that a process or service is alive: once a second, and at once when something changed. */
export class Presence {
  readonly #redis: Redis;
  readonly #facts: () => Facts;
  readonly #timer: NodeJS.Timeout;

  constructor(redis: Redis, facts: () => Facts) {
    this.#redis = redis;
    this.#facts = facts;
    this.#timer = setInterval(() => void this.beat(), BEAT_MS);
    void this.beat();
  }

  async beat(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    await announce(this.#redis, this.#facts()).catch(() => {});
  }

  /** Says goodbye: an orderly stop is no loss. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#redis.status !== 'ready') return;
    await this.#redis.hdel(keys.services, this.#facts().instance).catch(() => {});
    await this.#redis
      .publish(keys.status, JSON.stringify({ ...this.#facts(), state: 'stopped' }))
      .catch(() => {});
  }
}

/** Publishes a service's state: heartbeats do, and the supervisor does for a process that can't any more. */
export async function announce(redis: Redis, facts: Facts): Promise<void> {
  const text = JSON.stringify({ ...facts, seen: new Date().toISOString() } satisfies Service);
  await redis.hset(keys.services, facts.instance, text);
  await redis.publish(keys.status, text);
}

/** Takes an instance, and the services in it, off the list: a dead process can't say goodbye itself. */
export async function retract(redis: Redis, instance: string): Promise<void> {
  for (const [field, text] of Object.entries(await redis.hgetall(keys.services))) {
    if (field !== instance && !field.startsWith(`${instance}:`)) continue;
    await redis.hdel(keys.services, field);
    const gone: Service = { ...(JSON.parse(text) as Service), state: 'stopped' };
    await redis.publish(keys.status, JSON.stringify(gone));
  }
}

/**
 * All services that are alive or were a minute ago, by name. A silent one is `missing`, unless another process runs under
 * its name: then it was replaced.
 */
export async function services(redis: Redis): Promise<Service[]> {
  const now = Date.now();
  const found: Service[] = [];
  for (const [instance, text] of Object.entries(await redis.hgetall(keys.services))) {
    const service = JSON.parse(text) as Service;
    const silentMs = now - Date.parse(service.seen);
    if (silentMs > FORGOTTEN_MS) void redis.hdel(keys.services, instance).catch(() => {});
    else
      found.push(
        silentMs > MISSING_MS && service.state === 'running' ? { ...service, state: 'missing' } : service,
      );
  }
  const running = new Set(found.filter(({ state }) => state === 'running').map(({ name }) => name));
  return found
    .filter(({ name, state }) => state !== 'missing' || !running.has(name))
    .sort((a, b) => a.name.localeCompare(b.name) || a.instance.localeCompare(b.instance));
}
