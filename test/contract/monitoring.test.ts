import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { RoleCounters, countOnce } from '../../core/figures/role-counters.ts';
import { root } from '../../core/runtime/root.mjs';
import { keys } from '../../core/wire/keys.ts';
import { addDeadLetters } from '../../core/redis/dead-letters.ts';
import { LATENESS_BOUNDS } from '../../replayer/playing/lateness.ts';
import { ApiWorld, records } from '../helpers/api-world.ts';

const folder = join(root, 'compose', 'monitoring');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
/** The metrics of Reprise that an expression names. */
const namesIn = (text: string) => text.match(/\breprise_[a-z0-9_]+/g) ?? [];

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string };
}

/** The value of one series in the text of /metrics; undefined where there is none. */
const valueOf = (text: string, series: string) =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

describe('monitoring', function () {
  this.timeout(60_000);
  let world: ApiWorld;
  before(async () => (world = await ApiWorld.start()));
  after(() => world.stop());
  const scrape = async () => (await world.call('GET', '/metrics')).text;

  /** A system in which everything that is measured has happened once. */
  async function lived(): Promise<string> {
    const { redis } = world;
    await world.writer('gps').emit(records(5));
    const { epoch, offset } = await world.writer('gps').emit(records(3));
    await redis.hset(keys.consumers('gps'), 'slow', `${epoch}-${offset - 3} ${Date.now() + 60_000}`);
    await redis.hset(keys.consumers('gps'), 'ready', `${epoch}-${offset} ${Date.now() + 60_000}`);
    await redis.hset(keys.tally('slow'), { done: '7', failed: '2', retried: '1' });
    const seen = new Date().toISOString();
    const service = { name: 'slow', role: 'service', state: 'running', instance: 'x:slow', seen, lost: 4 };
    await redis.hset(keys.services, 'x:slow', JSON.stringify(service));
    const replay = { id: 'r"1', channels: ['gps'], state: 'playing', behindMs: 1_500 };
    await redis.hset(keys.replays, 'r', JSON.stringify(replay));
    await addDeadLetters(redis, [
      { channel: 'gps', source: '/services/slow', reason: 'latitude must be <= 90', content: '{}' },
      { channel: 'gps', source: '/replays/r-17', reason: 'The event is late.', content: '{}' },
    ]);
    await countOnce(redis, 'analysis', 'restarts');
    const counters = new RoleCounters(redis, 'replayer');
    const counts = LATENESS_BOUNDS.map((_, i) => (i === 1 ? 9 : 0));
    counters.distribute('replay_lateness_seconds', LATENESS_BOUNDS, [...counts, 1], 6);
    await counters.close();
    await world.get('/channels/nothing');
    const task = { kind: 'convert', params: { recording: 'none.csv', to: 'none.mcap' } };
    for (let i = 0; i < 2; i++) await world.post('/tasks', task);
    return scrape();
  }

  it('tells what has happened, under the names of the convention and with bounded labels', async () => {
    const text = await lived();
    const expected: [string, string][] = [
      ['reprise_consumer_lag_events{service="slow",channel="gps"}', '3'],
      ['reprise_consumer_lag_events{service="ready",channel="gps"}', '0'],
      ['reprise_consumer_lag_seconds{service="ready",channel="gps"}', '0'],
      ['reprise_service_outcomes_total{service="slow",outcome="failed"}', '2'],
      ['reprise_service_outcomes_total{service="slow",outcome="retried"}', '1'],
      ['reprise_service_lost_events{service="slow"}', '4'],
      ['reprise_replay_behind_seconds{replay="r\\"1"}', '1.5'],
      ['reprise_replays{state="playing"}', '1'],
      ['reprise_dead_letters_total', '2'],
      ['reprise_dead_letters_kept{source="/services/slow",reason="schema"}', '1'],
      ['reprise_dead_letters_kept{source="/replays",reason="late"}', '1'],
      ['reprise_restarts_total{role="analysis"}', '1'],
      ['reprise_restarts_total{role="api"}', '0'],
      ['reprise_replay_lateness_seconds_bucket{role="replayer",le="0.0025"}', '9'],
      ['reprise_replay_lateness_seconds_bucket{role="replayer",le="+Inf"}', '10'],
      ['reprise_replay_lateness_seconds_count{role="replayer"}', '10'],
      ['reprise_refusals_total{code="channel_unknown"}', '1'],
      ['reprise_processes{role="api"}', '1'],
      ['reprise_redis_up', '1'],
      ['reprise_redis_refusing{reason="none"}', '0'],
      ['reprise_gateway_connections{kind="socket"}', '0'],
      ['reprise_tasks{state="queued"}', '2'],
      ['reprise_tasks{state="running"}', '0'],
    ];
    for (const [series, value] of expected) assert.equal(valueOf(text, series), value, series);
    assert.ok(Number(valueOf(text, 'reprise_log_bytes')) > 0);
    assert.ok(Number(valueOf(text, 'reprise_consumer_lag_seconds{service="slow",channel="gps"}')) >= 0);
    assert.match(text, /^reprise_event_loop_delay_max_seconds\{role="api",instance="api-/m);
    assert.match(text, /^reprise_build_info\{version="/m);
    assert.doesNotMatch(text, /^reprise_scrape_failed\{.*\} 1$/m);
    for (const [, name, type] of text.matchAll(/^# TYPE (reprise_\w+) (\w+)$/gm))
      assert.equal(name!.endsWith('_total'), type === 'counter', name);
    const series = text.split('\n').filter((line) => /^\w/.test(line));
    const names = series.map((line) => line.slice(0, line.lastIndexOf(' ')));
    assert.equal(new Set(names).size, names.length, 'each series once');
  });

  it('reads dead letters once, and forgets those that have left', async () => {
    const { redis } = world;
    await redis.xtrim(keys.deadLetters, 'MAXLEN', 1);
    const text = await scrape();
    assert.equal(
      valueOf(text, 'reprise_dead_letters_kept{source="/services/slow",reason="schema"}'),
      undefined,
    );
    assert.equal(valueOf(text, 'reprise_dead_letters_total'), '2');
  });

  it('leaves out what can not be read, and says so', async () => {
    await world.redis.rename(keys.deadLetters, 'kept');
    await world.redis.set(keys.deadLetters, 'no stream');
    const text = await scrape();
    assert.equal(valueOf(text, 'reprise_scrape_failed{section="dead_letters"}'), '1');
    assert.equal(valueOf(text, 'reprise_scrape_failed{section="channels"}'), '0');
    await world.redis.rename('kept', keys.deadLetters);
  });

  it('has alerts and a dashboard whose metrics exist, each with labels that exist', async () => {
    const text = await scrape();
    const { groups } = parse(read('alerts.yaml')) as { groups: { rules: Rule[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    const { panels } = JSON.parse(read('dashboard.json')) as {
      panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
    };
    const uses = [
      ...rules.map(({ alert, expr, annotations }) => [alert, expr, annotations.summary] as const),
      ...panels.flatMap(({ title, targets }) =>
        targets.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
      ),
    ];
    assert.ok(rules.length > 10 && panels.length > 10);
    const lines = text.split('\n');
    for (const [what, expr, shown] of uses) {
      const names = namesIn(expr);
      for (const name of names) {
        const series = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
        assert.ok(series.length > 0, `${what}: there is no ${name}`);
        const labels = [...shown.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(([, label]) => label!);
        // `instance` is also what Prometheus adds.
        for (const label of labels.filter((each) => each !== 'instance'))
          assert.ok(series[0]!.includes(`${label}="`), `${what}: ${name} has no ${label}`);
      }
    }
    assert.equal(namesIn('reprise_unknown > 1')[0], 'reprise_unknown', 'the check can fail');
  });

  it('has rules that promtool accepts', function () {
    if (spawnSync('promtool', ['--version']).status !== 0) return this.skip();
    execFileSync('promtool', ['check', 'rules', join(folder, 'alerts.yaml')]);
  });
});
