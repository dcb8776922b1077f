import assert from 'node:assert/strict';
import { Chaos } from '../helpers/chaos.ts';
import { refusalNames, refuse } from '../helpers/refusals.ts';

const EVENTS = 6_000;
const REFUSALS = 2;
const REFUSED_MS = 1_200;

describe('what is played and derived while Redis', function () {
  this.timeout(120_000);
  let chaos: Chaos;
  before(async () => {
    chaos = await Chaos.start(EVENTS, 1);
  });
  after(() => chaos?.world.stop());

  for (const name of refusalNames)
    it(`${name} for a while is the same`, async () => {
      const { server } = chaos.world;
      const {
        events,
        stoodMs: _,
        ...damage
      } = await chaos.run(REFUSALS, 3, () => refuse(server, name, REFUSED_MS));
      assert.ok(events > EVENTS / 2);
      assert.deepEqual(damage, { strikes: REFUSALS, missing: 0, doubled: 0, isSame: true });
    });
});
