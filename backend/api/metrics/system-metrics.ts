import { healthOf } from '../../../core/redis/health.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import { services } from '../../../core/redis/presence.ts';
import { version } from '../../../core/runtime/version.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { TaskQueue } from '../../tasks/queue.ts';
import type { Channels } from '../stores/channels.ts';
import type { Replays } from '../stores/replays.ts';
import { channelMetrics } from './channel-metrics.ts';
import { DeadLetterMetrics } from './dead-letter-metrics.ts';
import { labelsText, metricText, type Samples } from './prometheus-text.ts';
import { metricsText, readMetrics } from './service-metrics.ts';

/** What these metrics are read from. */
export interface SystemParts {
  redis: Redis;
  channels: Channels;
  replays: Replays;
  tasks: TaskQueue;
}

const OUTCOMES = ['done', 'failed', 'retried'] as const;

/** The metrics of the whole system, as Redis knows it: any API process tells the same. */
export class SystemMetrics {
  readonly #parts: SystemParts;
  readonly #deadLetters: DeadLetterMetrics;
  #reading: Promise<string> | null = null;

  constructor(parts: SystemParts) {
    this.#parts = parts;
    this.#deadLetters = new DeadLetterMetrics(parts.redis);
  }

  /** All of them as text. Those that can't be read are left out, and `reprise_scrape_failed` names their section. */
  text(): Promise<string> {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #read(): Promise<string> {
    const { redis, channels, tasks } = this.#parts;
    const isUp = redis.status === 'ready';
    const refusal = healthOf(redis).refusal;
    const state = [
      metricText('reprise_build_info', 'gauge', 'The release that runs.', [
        [{ version, node: process.version }, 1],
      ]),
      metricText('reprise_redis_up', 'gauge', 'Whether Redis answers this process: 1 or 0.', [
        [{}, isUp ? 1 : 0],
      ]),
      metricText(
        'reprise_redis_refusing',
        'gauge',
        'Whether Redis refuses what is written, with the reason: 1 or 0.',
        [[{ reason: refusal?.code ?? 'none' }, refusal ? 1 : 0]],
      ),
    ];
    if (!isUp) return state.join('');
    const sections: { [name: string]: () => Promise<string> } = {
      channels: async () =>
        channelMetrics(
          redis,
          (await channels.all()).map(({ name }) => name),
        ),
      services: () => this.#services(),
      roles: () => this.#roles(),
      replays: () => this.#replays(),
      tasks: async () => {
        const counts = Object.entries(await tasks.counts());
        const samples = counts.map(([name, count]): Samples[number] => [{ state: name }, count]);
        return metricText('reprise_tasks', 'gauge', 'Tasks that are known, by state.', samples);
      },
      dead_letters: () => this.#deadLetters.text(),
      own: () => metricsText(redis),
    };
    const failed: Samples = [];
    const texts = Object.entries(sections).map(async ([section, read]) => {
      const text = await read().catch(() => null);
      failed.push([{ section }, text === null ? 1 : 0]);
      return text ?? '';
    });
    const read = await Promise.all(texts);
    const help = 'Whether the metrics of a section could not be read: 1 or 0.';
    return [...state, ...read, metricText('reprise_scrape_failed', 'gauge', help, failed)].join('');
  }

  /** What services have done with events. Failed events became dead letters. */
  async #services(): Promise<string> {
    const { redis } = this.#parts;
    const named = (await services(redis)).filter(({ role }) => role === 'service');
    const names = [...new Set(named.map(({ name }) => name))];
    const asked = redis.pipeline();
    for (const name of names) asked.hmget(keys.tally(name), ...OUTCOMES);
    const replies = names.length === 0 ? [] : ((await asked.exec()) ?? []);
    const samples = names.flatMap((service, i) => {
      const counts = replies[i]![1] as (string | null)[];
      return OUTCOMES.map((outcome, j): Samples[number] => [{ service, outcome }, Number(counts[j] ?? 0)]);
    });
    const lost = named.map(({ name, lost = 0 }): Samples[number] => [{ service: name }, lost]);
    return [
      metricText(
        'reprise_service_outcomes_total',
        'counter',
        'Events that services finished (external ones), failed at, or retried.',
        samples,
      ),
      metricText(
        'reprise_service_lost_events',
        'gauge',
        'Events that left the log before the service read them, since it started.',
        distinct(lost),
      ),
    ].join('');
  }

  /** Processes, their event loops, and what they have counted. */
  async #roles(): Promise<string> {
    const all = (await services(this.#parts.redis)).filter(({ role }) => role !== 'service');
    const running = new Map<string, number>(
      ['replayer', 'analysis', 'tasks', 'api'].map((role) => [role, 0]),
    );
    for (const { role, state } of all)
      if (state === 'running') running.set(role, (running.get(role) ?? 0) + 1);
    const processes = Array.from(running, ([role, count]): Samples[number] => [{ role }, count]);
    const delays = all.flatMap(({ role, instance, loopDelaySeconds }): Samples =>
      loopDelaySeconds === undefined ? [] : [[{ role, instance }, loopDelaySeconds]],
    );
    return [
      metricText('reprise_processes', 'gauge', 'Running processes, by role.', processes),
      metricText(
        'reprise_event_loop_delay_max_seconds',
        'gauge',
        'Longest delay of the event loop of a process within half a minute.',
        delays,
      ),
      await this.#counted(),
    ].join('');
  }

  async #counted(): Promise<string> {
    const found = await readMetrics(this.#parts.redis, undefined, keys.counters);
    const restarts = new Map(['replayer', 'analysis', 'tasks', 'api'].map((role) => [role, 0]));
    let text = '';
    for (const { service: role, metric, kind, value, sum = 0, buckets = [] } of found) {
      if (metric === 'restarts') restarts.set(role, value);
      if (kind !== 'distribution') continue;
      const name = `reprise_${metric}`;
      const lines = [...buckets.filter(({ upTo }) => upTo !== null), { upTo: '+Inf', count: value }].map(
        ({ upTo, count }) => `${name}_bucket${labelsText({ role, le: String(upTo) })} ${count}`,
      );
      const labels = labelsText({ role });
      lines.push(`${name}_sum${labels} ${sum}`, `${name}_count${labels} ${value}`);
      text += `# HELP ${name} What processes of a role have observed.\n# TYPE ${name} histogram\n${lines.join('\n')}\n\n`;
    }
    const samples = Array.from(restarts, ([role, count]): Samples[number] => [{ role }, count]);
    return (
      text +
      metricText(
        'reprise_restarts_total',
        'counter',
        'How often the supervisor has started a role again.',
        samples,
      )
    );
  }

  async #replays(): Promise<string> {
    const replays = await this.#parts.replays.list();
    const states = new Map<string, number>(
      ['idle', 'playing', 'paused', 'ended', 'failed'].map((state) => [state, 0]),
    );
    for (const { state } of replays) states.set(state, (states.get(state) ?? 0) + 1);
    const behind = replays
      .filter(({ state }) => state === 'playing')
      .map(({ id, behindMs = 0 }): Samples[number] => [{ replay: id }, behindMs / 1000]);
    return [
      metricText(
        'reprise_replays',
        'gauge',
        'Replays, by state.',
        Array.from(states, ([state, count]) => [{ state }, count]),
      ),
      metricText(
        'reprise_replay_behind_seconds',
        'gauge',
        'How far a playing replay is behind its clock.',
        behind,
      ),
    ].join('');
  }
}

/** One sample for each set of labels: partitions of a service have the same name. */
function distinct(samples: Samples): Samples {
  const sums = new Map<string, Samples[number]>();
  for (const [labels, value] of samples) {
    const key = JSON.stringify(labels);
    sums.set(key, [labels, (sums.get(key)?.[1] ?? 0) + value]);
  }
  return [...sums.values()];
}
