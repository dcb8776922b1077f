import { hostname } from 'node:os';
import type { Service } from '../../schemas/types.ts';
import { loopDelaySeconds } from '../runtime/loop-delay.ts';
import { keys } from '../wire/keys.ts';
import { healthOf } from './health.ts';
import type { Redis } from './connection.ts';

const HEARTBEAT_MS = 1_000;
/** Without a heartbeat for this long, a process counts as missing. */
const MISSING_MS = 3_500;
/** Without a heartbeat for this long, it leaves the list. */
const FORGOTTEN_MS = 60_000;

type Facts = Omit<Service, 'seen'>;

/** The name of an instance: `<role>-<host>-<process id>`. Services in the process append `:<service>`. */
export const processInstance = (role: Service['role'], pid = process.pid) => `${role}-${hostname()}-${pid}`;

/** Sends the heartbeat of a process or a service once a second. Call `beat` to tell about a change at once. */
export class Presence {
  readonly #redis: Redis;
  readonly #facts: () => Facts;
  readonly #timer: NodeJS.Timeout;

  /** `facts` is called for each heartbeat. */
  constructor(redis: Redis, facts: () => Facts) {
    this.#redis = redis;
    this.#facts = facts;
    this.#timer = setInterval(() => void this.beat(), HEARTBEAT_MS);
    void this.beat();
  }

  /** Sends a heartbeat now. Does nothing while Redis is away. */
  async beat(): Promise<void> {
    if (this.#redis.status !== 'ready') return;
    const facts = this.#facts();
    // Those of a process, and not of a service in it.
    const loop = facts.pid === process.pid ? { loopDelaySeconds: loopDelaySeconds() } : {};
    await announce(this.#redis, { ...facts, ...loop }).catch(() => {});
  }

  /** Takes it off the list, so that an orderly stop does not look like a crash. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#redis.status !== 'ready') return;
    await this.#redis.hdel(keys.services, this.#facts().instance).catch(() => {});
    await this.#redis
      .publish(keys.status, JSON.stringify({ ...this.#facts(), state: 'stopped' }))
      .catch(() => {});
  }
}

/** Stores and publishes the state of a service. The supervisor calls it for a process that no longer can. */
export async function announce(redis: Redis, facts: Facts): Promise<void> {
  const text = JSON.stringify({ ...facts, seen: new Date().toISOString() } satisfies Service);
  await redis.hset(keys.services, facts.instance, text);
  await redis.publish(keys.status, text);
}

/** Takes an instance and the services in it off the list, for a process that died. */
export async function retract(redis: Redis, instance: string): Promise<void> {
  for (const [field, text] of Object.entries(await redis.hgetall(keys.services))) {
    if (field !== instance && !field.startsWith(`${instance}:`)) continue;
    await redis.hdel(keys.services, field);
    const gone: Service = { ...(JSON.parse(text) as Service), state: 'stopped' };
    await redis.publish(keys.status, JSON.stringify(gone));
  }
}

/**
 * All services that were seen within the last minute, sorted by name. One that has sent no heartbeat for 3.5 s is `missing`;
 * it is left out if another instance of the same name runs, because that has replaced it.
 */
export async function services(redis: Redis): Promise<Service[]> {
  const now = Date.now();
  const isBlind = healthOf(redis).hasRefusedWithin(MISSING_MS);
  const found: Service[] = [];
  for (const [instance, text] of Object.entries(await redis.hgetall(keys.services))) {
    const service = JSON.parse(text) as Service;
    // While Redis refuses writes, nobody can store a heartbeat.
    const silentMs = isBlind ? 0 : now - Date.parse(service.seen);
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
