import type { Redis } from 'ioredis';
import { keys } from '../../wire/keys.ts';
import { askWho, type Hello } from './hello.ts';
import { factsOf, type ServerFacts } from './facts.ts';

/** What one check of a Redis found. */
export interface Finding {
  check: string;
  /** `note`: worth knowing; `warning`: it works, and data are in danger; `problem`: Reprise can't use it. */
  state: 'ok' | 'note' | 'warning' | 'problem';
  /** One sentence. */
  what: string;
  /** One sentence that says what to do. */
  hint?: string;
}

/** With less memory than this, a Redis is soon full: a log of 100,000 fixes takes about 40 MB. */
const MEMORY_MIN_BYTES = 256e6;
/** From here on, a Redis is nearly full. */
const FULL_SHARE = 0.9;

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;

/** What is dangerous or worth knowing about how a Redis is set up. */
export function memoryFindings(facts: ServerFacts): Finding[] {
  const { evictionPolicy, maxMemory, usedMemory, isLogged } = facts;
  const findings: Finding[] = [];
  const add = (check: string, state: Finding['state'], what: string, hint?: string) =>
    findings.push({ check, state, what, ...(hint !== undefined && { hint }) });
  if (evictionPolicy === '' || evictionPolicy === 'noeviction')
    add('eviction', 'ok', 'It throws no keys away.');
  else
    add(
      'eviction',
      'warning',
      `With maxmemory-policy ${evictionPolicy}, it throws away events, positions and tasks without a word when its memory is full.`,
      'CONFIG SET maxmemory-policy noeviction; Reprise waits when the memory is full.',
    );
  if (maxMemory > 0 && maxMemory < MEMORY_MIN_BYTES)
    add(
      'memory',
      'warning',
      `It may use ${megabytes(maxMemory)}, and a log of 100,000 events alone takes about 40 MB.`,
      `Raise maxmemory to at least ${megabytes(MEMORY_MIN_BYTES)}, or keep fewer events ("log" of a channel).`,
    );
  else if (maxMemory > 0 && usedMemory > maxMemory * FULL_SHARE)
    add(
      'memory',
      'warning',
      `It uses ${megabytes(usedMemory)} of the ${megabytes(maxMemory)} that it may use.`,
      'Raise maxmemory, or delete what is no longer needed.',
    );
  else
    add('memory', 'ok', maxMemory > 0 ? `It may use ${megabytes(maxMemory)}.` : 'It has no limit of memory.');
  if (isLogged) add('persistence', 'ok', 'It writes an append-only file.');
  else
    add(
      'persistence',
      'note',
      'It writes no append-only file, so what it holds is lost or old after a crash.',
      'CONFIG SET appendonly yes, if that matters.',
    );
  return findings;
}

/**
 * Whether another Reprise uses the same Redis in another way. Messages know no database: with the same namespace, two in
 * different databases hear and steer each other.
 */
export async function othersFinding(redis: Redis, database: number): Promise<Finding> {
  const others: Hello[] = (await askWho(redis)).filter((each) => each.database !== database);
  const other = others[0];
  if (!other) return { check: 'others', state: 'ok', what: 'No other Reprise disturbs this one.' };
  const name = keys.namespace === '' ? 'no namespace' : `the namespace "${keys.namespace}"`;
  return {
    check: 'others',
    state: 'warning',
    what: `Another Reprise (${other.instance}) uses database ${other.database} of this Redis and ${name}, as this one in database ${database} does: they hear and steer each other.`,
    hint: 'Give each a namespace of its own with REPRISE_NAMESPACE.',
  };
}

/** Sentences about what is dangerous about this Redis, for a start. */
export async function startWarnings(redis: Redis): Promise<string[]> {
  const facts = await factsOf(redis);
  const findings = [...memoryFindings(facts), await othersFinding(redis, redis.options.db ?? 0)];
  return findings.flatMap(({ state, what, hint }) =>
    state === 'warning' ? [[`Redis: ${what}`, hint].filter(Boolean).join(' ')] : [],
  );
}
