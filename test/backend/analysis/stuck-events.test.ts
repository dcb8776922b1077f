import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDeadLetters } from '../../../core/redis/dead-letters.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Config } from '../../../schemas/types.ts';
import { AnalysisWorld } from '../../helpers/analysis.ts';

const EVENTS = 400;
const SUBJECTS = 4;
const START_SECONDS = 1_700_000_000;
/** Long enough for an event that is not stuck on a busy machine. */
const BUDGET_MS = 1_000;

const config: Config = {
  plugins: ['./test/fixtures/plugins/stuck.js'],
  eventBudgetMs: BUDGET_MS,
  services: {
    stuck: { use: 'stuck' },
    copies: { use: 'copy', input: 'numbers', output: 'copies' },
  },
};

/** Where the service stands still, by number of the event. State that the next event replaces is never written. */
type Stuck = { [event: number]: string };

/** One row a second. */
function recording(stuck: Stuck): string {
  const rows = Array.from({ length: EVENTS }, (_, i) =>
    JSON.stringify({
      time: new Date((START_SECONDS + i) * 1000).toISOString(),
      id: `s${i % SUBJECTS}`,
      n: i + 1,
      ...(stuck[i + 1] && { stuck: stuck[i + 1] }),
    }),
  );
  return `${rows.join('\n')}\n`;
}

/** What the service derives when it does not get these events. */
function expected(without: number[]): string[] {
  const counts = new Map<string, number>();
  return Array.from({ length: EVENTS }, (_, i) => i + 1).flatMap((n) => {
    if (without.includes(n)) return [];
    const subject = `s${(n - 1) % SUBJECTS}`;
    const count = (counts.get(subject) ?? 0) + 1;
    counts.set(subject, count);
    const time = new Date((START_SECONDS + n - 1) * 1000).toISOString();
    return [`["${subject}","${time}",${JSON.stringify({ n, count })}]`];
  });
}

describe('an event that takes too long', function () {
  this.timeout(120_000);
  let world: AnalysisWorld;

  beforeEach(async () => (world = await AnalysisWorld.start(config)));
  afterEach(() => world?.stop());

  /** Plays events of which some are stuck; a process that ends is started again, as a container is. */
  async function play(
    stuck: Stuck,
    { killsSecond = false } = {},
  ): Promise<{ counts: string[]; copies: string[]; ends: string[] }> {
    await writeFile(join(world.folder, 'rows.ndjson'), recording(stuck));
    const ends: string[] = [];
    let isOver = false;
    const keepRunning = async (): Promise<void> => {
      const child = await world.startProcess();
      child.once('exit', (_code, signal) => {
        if (isOver) return;
        ends.push(String(signal));
        world.processes.splice(world.processes.indexOf(child), 1);
        void keepRunning();
      });
      // What an earlier process has found out survives this.
      if (ends.length === 1 && killsSecond) child.kill('SIGKILL');
    };
    await keepRunning();
    await world.play({ id: 'rows', recordings: [{ id: 'rows.ndjson', channel: 'numbers' }], rate: 'max' });
    const [counts, copies] = await Promise.all([
      world.derived('counts', 0, 90_000),
      world.derived('copies', 0, 90_000),
    ]);
    isOver = true;
    return { counts, copies, ends };
  }

  /** The dead letters of the service, the oldest first. */
  async function deadLetters() {
    const { items } = await readDeadLetters(world.redis, 100);
    return items.reverse();
  }

  it('is tried twice and becomes a dead letter; everything else is derived once, here and in other services', async () => {
    const { counts, copies, ends } = await play({ 1: 'event', 2: 'key' }, { killsSecond: true });
    assert.deepEqual(counts, expected([1, 2]));
    assert.equal(copies.length, EVENTS);
    assert.equal(ends.length, 5);
    const letters = await deadLetters();
    assert.deepEqual(
      letters.map(({ channel, source, code }) => ({ channel, source, code })),
      Array(2).fill({ channel: 'numbers', source: '/services/stuck', code: 'event_stuck' }),
    );
    const epoch = (JSON.parse(letters[0]!.content) as { epoch: number }).epoch;
    assert.equal(
      letters[0]!.reason,
      `Service "stuck" took longer than its time budget of ${BUDGET_MS} ms (REPRISE_EVENT_BUDGET_MS) for the event numbers/${epoch}/1, twice.`,
    );
    assert.deepEqual(
      letters.map(({ content }) => (JSON.parse(content) as { data: { n: number } }).data.n),
      [1, 2],
    );
    const fields = Object.keys(await world.redis.hgetall(keys.checkpoint('stuck')));
    assert.deepEqual(
      fields.filter((field) => field.startsWith('!')),
      [],
    );
  });

  it('is found when its timer or its state takes too long', async () => {
    const { counts, copies } = await play({ 50: 'timer', 400: 'state' });
    assert.deepEqual(counts, expected([400]));
    assert.equal(copies.length, EVENTS);
    const letters = await deadLetters();
    assert.deepEqual(
      letters.map(({ reason }) => / for (the timer|the event)/.exec(reason)![1]),
      ['the timer', 'the event'],
    );
  });

  it('or of which the process dies is found, and no event of another service is blamed', async () => {
    const { counts, copies, ends } = await play({ 300: 'exit' });
    assert.deepEqual(counts, expected([300]));
    assert.equal(copies.length, EVENTS);
    const letters = await deadLetters();
    assert.deepEqual(
      letters.map(({ code, source }) => [code, source]),
      [['event_fatal', '/services/stuck']],
    );
    assert.match(
      letters[0]!.reason,
      /^The process ended while service "stuck" worked on the event .*\/300, twice\.$/,
    );
    assert.ok(ends.length >= 5, `${ends.length}`);
  });
});
