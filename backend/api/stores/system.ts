import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { isProblem, refusal, sentence } from '../../../core/problems/errors.ts';
import { escaped, sentenceOf, type Flaw } from '../../../core/problems/flaws.ts';
import { keys } from '../../../core/wire/keys.ts';
import { healthOf } from '../../../core/redis/health.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { byPlace, type WholeSetup } from '../../../core/setup/setup.ts';
import type {
  EndpointConfig,
  ReplayRequest,
  System as SystemDocument,
  SystemChanges,
} from '../../../schemas/types.ts';
import type { Replays } from './replays.ts';
import type { Setups } from './setups.ts';

type Changes = SystemChanges['changes'];
type Section = Changes[number]['section'];
type SavedReplays = NonNullable<SystemDocument['replays']>;

const SECTIONS: Section[] = ['channels', 'endpoints', 'services', 'analytics', 'pipelines', 'replays'];
/** After Redis was flushed, replayers register again within a second, and their replays within half a second. */
const RETRIES_MS = 3_000;
const RETRY_MS = 100;

/** Saves, compares and restores the whole set-up as one document. */
export class System {
  readonly #redis: Redis;
  readonly #setups: Setups;
  readonly #replays: Replays;
  readonly #flaws: (endpoints: EndpointConfig[]) => Flaw[];
  readonly #problems: () => string[];

  constructor(dependencies: {
    redis: Redis;
    setups: Setups;
    replays: Replays;
    /** The flaws of endpoints; pointers begin at their list. */
    flaws: (endpoints: EndpointConfig[]) => Flaw[];
    /** Everything in the set-up that can't be used now, and why. */
    problems: () => string[];
  }) {
    this.#redis = dependencies.redis;
    this.#setups = dependencies.setups;
    this.#replays = dependencies.replays;
    this.#flaws = dependencies.flaws;
    this.#problems = dependencies.problems;
  }

  /** The whole set-up; each section is sorted by name. */
  async document(): Promise<Required<SystemDocument>> {
    const { channels, endpoints, services, analytics, pipelines } = await this.#setups.whole();
    return {
      channels: sorted(channels),
      endpoints: Object.values(sorted(endpoints)),
      services: sorted(services),
      analytics: sorted(analytics),
      pipelines: sorted(pipelines),
      replays: sorted(await this.#saved()),
      problems: [...this.#refusals(), ...this.#problems()],
    };
  }

  #refusals(): string[] {
    const { refusal } = healthOf(this.#redis);
    return refusal ? [`Since ${refusal.since}: ${refusal.message} ${refusal.hint}`] : [];
  }

  /** What restoring a document would change. Sections that it leaves out stay. @throws refusal if it can't run */
  async changes(wanted: SystemDocument): Promise<Changes> {
    await this.#check(wanted);
    const [now, then] = [byName(await this.document()), byName(wanted)];
    return SECTIONS.flatMap((section) => {
      const after = then[section];
      return after === undefined ? [] : changesOf(section, now[section]!, after);
    });
  }

  /** Replaces the set-up by the document in one step, then resumes its replays at their positions. @throws like `changes` */
  async restore(wanted: SystemDocument): Promise<SystemChanges> {
    const changes = await this.changes(wanted);
    await this.#setups.replace(await this.#whole(wanted));
    const failed: SystemChanges['failed'] = [];
    const untilMs = performance.now() + RETRIES_MS;
    for (const { section, name: id, change } of changes) {
      if (section !== 'replays') continue;
      try {
        if (change === 'removed') await this.#replays.remove(id);
        else await this.#resume(id, wanted.replays![id]!, untilMs);
      } catch (error) {
        failed.push({ replay: id, reason: sentence(error) });
      }
    }
    return { changes, failed };
  }

  async #check(wanted: SystemDocument): Promise<void> {
    const flaws = this.#flaws(wanted.endpoints ?? []);
    if (flaws.length > 0)
      throw refusal('config_invalid', `endpoints${sentenceOf(flaws[0]!)}.`, {
        errors: flaws.map(({ pointer, message }) => ({ pointer: `#/endpoints${pointer}`, detail: message })),
      });
    await this.#setups.check(await this.#whole(wanted));
  }

  /** The current set-up with the sections of the document in place of its own. */
  async #whole({ channels, endpoints, services, analytics, pipelines }: SystemDocument): Promise<WholeSetup> {
    return {
      ...(await this.#setups.whole()),
      ...(channels && { channels }),
      ...(endpoints && { endpoints: byPlace(endpoints) }),
      ...(services && { services }),
      ...(analytics && { analytics }),
      ...(pipelines && { pipelines }),
    };
  }

  /** Replays that play or are paused, without those of a command line, which no other replayer can resume. */
  async #saved(): Promise<SavedReplays> {
    const requests = await this.#redis.hgetall(keys.replayRequests);
    const saved: SavedReplays = {};
    for (const { id, state, position } of await this.#replays.list()) {
      if (!requests[id] || (state !== 'playing' && state !== 'paused')) continue;
      const { paused: _paused, id: _id, ...request } = JSON.parse(requests[id]) as ReplayRequest;
      saved[id] = { request, state, position };
    }
    return saved;
  }

  /** Resumes a replay. Retries for some time, since after a flush Redis does not know replayers and their replays yet. */
  async #resume(id: string, saved: SavedReplays[string], untilMs: number): Promise<void> {
    for (;;) {
      try {
        return await this.#tryResume(id, saved);
      } catch (error) {
        if (!isProblem(error, 'replay_exists', 'no_answer') || performance.now() > untilMs) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** Makes sure that a replay of this request exists, at this position and in this state. */
  async #tryResume(id: string, { request, state, position }: SavedReplays[string]): Promise<void> {
    const { paused: _paused, id: _id, ...wanted } = request;
    const known = (await this.#saved())[id];
    if (!known || !isDeepStrictEqual(known.request, wanted)) {
      if ((await this.#replays.list()).some((replay) => replay.id === id)) await this.#replays.remove(id);
      await this.#replays.create({ ...wanted, id, paused: true });
    }
    await this.#replays.patch(id, { position, state });
  }
}

type Named = { [section in Section]?: { [name: string]: object } };

function byName({ endpoints, ...others }: SystemDocument): Named {
  return { ...others, ...(endpoints && { endpoints: byPlace(endpoints) }) };
}

function changesOf(
  section: Section,
  now: { [name: string]: object },
  then: { [name: string]: object },
): Changes {
  const names = [...new Set([...Object.keys(now), ...Object.keys(then)])].sort();
  return names.flatMap((name): Changes => {
    if (!Object.hasOwn(now, name)) return [{ section, name, change: 'added' }];
    if (!Object.hasOwn(then, name)) return [{ section, name, change: 'removed' }];
    const at = differences(now[name], then[name]);
    return at.length === 0 ? [] : [{ section, name, change: 'changed', at }];
  });
}

/** JSON pointers to the differences of two values; lists are compared as a whole. */
function differences(a: unknown, b: unknown, pointer = ''): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isObject(a) || !isObject(b)) return [pointer];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => differences(a[name], b[name], `${pointer}/${escaped(name)}`));
}

const isObject = (value: unknown): value is { [member: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function sorted<T>(section: { [name: string]: T }): { [name: string]: T } {
  return Object.fromEntries(Object.entries(section).sort(([a], [b]) => (a < b ? -1 : 1)));
}
