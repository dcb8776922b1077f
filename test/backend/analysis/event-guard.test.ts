import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDeadLetters } from '../../../core/redis/dead-letters.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Config, DeadLetter } from '../../../schemas/types.ts';
import { AnalysisWorld } from '../../helpers/analysis.ts';
import { eventually } from '../../helpers/wait.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const EVENTS = 60;

const config: Config = {
  plugins: ['./test/fixtures/plugins/stuck.js'],
  eventBudgetMs: 700,
  services: {
    stuck: { use: 'stuck' },
    live: { use: 'stuck', mode: 'live', output: 'live.counts' },
  },
};

/** Rows of one subject, a second apart; `extra`: further members by number of the row. */
function rows(extra: { [n: number]: object } = {}): string {
  return Array.from({ length: EVENTS }, (_, i) => {
    const time = new Date(START_MS + i * 1000).toISOString();
    return `${JSON.stringify({ time, id: 's', n: i + 1, ...extra[i + 1] })}\n`;
  }).join('');
}

describe('a service', function () {
  this.timeout(60_000);
  let world: AnalysisWorld;

  beforeEach(async () => (world = await AnalysisWorld.start(config)));
  afterEach(() => world?.stop());

  /** Begins a replay that rests at its start. Returns its epoch. */
  async function rest(text: string): Promise<number> {
    await writeFile(join(world.folder, 'rows.ndjson'), text);
    const recordings = [{ id: 'rows.ndjson', channel: 'numbers' }];
    return world.play({ id: 'rows', recordings, rate: 'max', paused: true });
  }

  /** Lets it play, and returns the numbers of the rows from which the service has derived something. */
  async function derivedNumbers(): Promise<number[]> {
    await world.replays.patch('rows', { state: 'playing' });
    const lines = await world.derived('counts');
    return lines.map((line) => (JSON.parse(line) as [string, string, { n: number }])[2].n);
  }

  const all = (without: number[]) =>
    Array.from({ length: EVENTS }, (_, i) => i + 1).filter((n) => !without.includes(n));

  async function lettersOf(service: string): Promise<DeadLetter[]> {
    const { items } = await readDeadLetters(world.redis, 100);
    return items.filter(({ source }) => source === `/services/${service}`).reverse();
  }

  const numberOf = ({ content }: DeadLetter) => (JSON.parse(content) as { data: { n: number } }).data.n;

  const suspected = async (service: string) =>
    Object.keys(await world.redis.hgetall(keys.checkpoint(service))).filter((field) => field.startsWith('!'));

  it('goes on after an event of which it derives what can not be written, and tells each', async () => {
    const wrong = {
      bigint: /BigInt/,
      circle: /circular/,
      list: /data must be an object/,
      text: /data must be an object/,
      nothing: /data must be an object/,
      output: /there is no output "nowhere"/,
      subject: /a subject must be a text/,
      time: /timeMs must be a time/,
      far: /timeMs must be a time/,
      null: /null/,
      key: /no key/,
      state: /BigInt/,
      timer: /a timer needs a time/,
    };
    const names = Object.keys(wrong);
    const numbers = names.map((_, i) => 3 + 4 * i);
    const extra = Object.fromEntries(names.map((name, i) => [numbers[i]!, { id: name, wrong: name }]));
    const analysis = await world.serveHere();
    await rest(rows(extra));
    assert.deepEqual(await derivedNumbers(), all(numbers));
    const letters = await lettersOf('stuck');
    assert.deepEqual(letters.map(numberOf), numbers);
    for (const [i, pattern] of Object.values(wrong).entries())
      assert.match(letters[i]!.reason, new RegExp(`^The service failed: .*${pattern.source}`));
    await analysis.close();
  });

  it('leaves out what broke the budget twice, tries what did so once, and forgets both when it has passed them', async () => {
    const epoch = await rest(rows());
    await world.redis.hset(keys.checkpoint('stuck'), {
      [`!${epoch}-20`]: 2,
      [`!${epoch}-21`]: 1,
      // Once alone, and once while its results were written.
      [`!${epoch}-30`]: 1,
      [`!${epoch}-30:30`]: 1,
      [`!${epoch}-40:44`]: 1,
      // These belong to an epoch that is over.
      '!1-7': 2,
      '!1~7~7': 2,
      '!1-7:9': 1,
    });
    const analysis = await world.serveHere();
    assert.deepEqual(await derivedNumbers(), all([20, 30]));
    const letters = await lettersOf('stuck');
    assert.deepEqual(letters.map(numberOf), [20, 30]);
    assert.equal(letters[0]!.code, 'event_stuck');
    assert.equal(
      letters[0]!.reason,
      `Service "stuck" took longer than its time budget of 700 ms (REPRISE_EVENT_BUDGET_MS) for the event numbers/${epoch}/20, twice.`,
    );
    assert.deepEqual(await suspected('stuck'), []);
    await analysis.close();
  });

  it('remembers what it suspects when it starts over before', async () => {
    const epoch = await rest(rows());
    const field = `!${epoch}-50`;
    await world.redis.hset(keys.checkpoint('stuck'), { [field]: 2 });
    const analysis = await world.serveHere();
    await world.replays.patch('rows', { step: 10 });
    await eventually('ten events', async () => (await world.committed('stuck', 'numbers')) >= 10);
    assert.deepEqual(await suspected('stuck'), [field]);
    await analysis.close();
    const next = await world.serveHere();
    assert.deepEqual(await derivedNumbers(), all([50]));
    assert.deepEqual((await lettersOf('stuck')).map(numberOf), [50]);
    await next.close();
  });

  it('in live mode makes a dead letter of an event at which its process was ended', async () => {
    const first = await world.serveHere();
    const epoch = await rest(rows());
    await derivedNumbers();
    await first.close();
    await world.redis.hset(keys.checkpoint('live'), { [`!${epoch}-12`]: 1, '!7-1': 1, '!7~5~6': 1 });
    const analysis = await world.serveHere();
    const letters = await eventually('the dead letters', async () => {
      const found = await lettersOf('live');
      return found.length === 3 ? found : null;
    });
    const contents = letters.map(({ content }) => content);
    assert.ok(contents.some((content) => content.includes('"n":12')));
    assert.ok(contents.includes('7-1'));
    assert.ok(letters.every(({ code }) => code === 'event_stuck'));
    await eventually('the suspicions to be forgotten', async () => (await suspected('live')).length === 0);
    await analysis.close();
  });
});
