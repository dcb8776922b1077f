import assert from 'node:assert/strict';
import { Chaos } from '../helpers/chaos.ts';
import { besiege } from '../helpers/siege.ts';

const EVENTS = 6_000;
/** Three runs: enough for every kind of strike. */
const SECONDS = 15;

describe('a short siege', function () {
  this.timeout(240_000);
  let chaos: Chaos;
  before(async () => {
    chaos = await Chaos.start(EVENTS, 2);
  });
  after(() => chaos?.world.stop());

  it('leaves every derived log as an undisturbed run does', async () => {
    const { damage, strikes } = await besiege(chaos, SECONDS, 1);
    const { events, ...rest } = damage;
    assert.ok(events > EVENTS / 2);
    assert.deepEqual(rest, { missing: 0, doubled: 0, isSame: true }, [...strikes.keys()].join(', '));
  });
});
