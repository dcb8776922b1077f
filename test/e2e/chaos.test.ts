import assert from 'node:assert/strict';
import { Chaos, type Damage } from '../helpers/chaos.ts';

const EVENTS = 10_000;
const KILLS = 5;
const REDIS_KILLS = 3;

describe('what is derived while', function () {
  this.timeout(120_000);
  let chaos: Chaos;
  before(async () => {
    chaos = await Chaos.start(EVENTS, 2);
  });
  after(() => chaos?.world.stop());

  function isWhole({ strikes, missing, doubled, isSame, events }: Damage, expected: number): void {
    assert.ok(events > EVENTS);
    assert.deepEqual(
      { strikes, missing, doubled, isSame },
      { strikes: expected, missing: 0, doubled: 0, isSame: true },
    );
  }

  it(`an analysis process is killed ${KILLS} times is the same`, async () => {
    const { world } = chaos;
    let starting: Promise<unknown> = Promise.resolve();
    const damage = await chaos.run(KILLS, 4, async () => {
      // Another process must be there to take over. The oldest runs everything; the others stand by.
      await starting;
      await world.kill(world.processes[0]!);
      starting = world.startProcess();
    });
    await starting;
    isWhole(damage, KILLS);
  });

  it(`Redis is killed ${REDIS_KILLS} times is the same`, async () => {
    const { server } = chaos.world;
    const damage = await chaos.run(REDIS_KILLS, 2, async () => {
      await server.kill();
      await server.restart();
    });
    isWhole(damage, REDIS_KILLS);
  });
});
