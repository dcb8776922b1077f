import assert from 'node:assert/strict';
import { BoundingBox } from '../../replayer/files/bounding-box.ts';

/** A subject that moves north-east, one fix per second, about 10 m apart. */
function drive(
  extent: BoundingBox,
  subject: string,
  from: [number, number],
  fixes: number,
  startMs = 0,
): void {
  for (let i = 0; i < fixes; i++)
    extent.add(subject, startMs + i * 1000, from[0] + i / 10_000, from[1] + i / 10_000);
}

describe('the bounding box of a recording', () => {
  it('leaves out a fix that is out of reach of both the fix before and the fix after', () => {
    const extent = new BoundingBox();
    drive(extent, 'a', [38, -9], 20);
    extent.add('a', 20_000, 38.9, -9);
    drive(extent, 'a', [38.002, -8.998], 20, 21_000);
    drive(extent, 'b', [38.1, -9], 5);
    extent.add('b', 5_000, 0, 0);
    assert.deepEqual(
      extent.box?.map((side) => Number(side.toFixed(4))),
      [-9, 38, -8.9961, 38.1004],
    );
  });

  it('crosses the antimeridian like any other line', () => {
    const extent = new BoundingBox();
    for (let i = 0; i < 20; i++) extent.add('ship', i * 1000, 10, i < 10 ? 179.999 : -179.999);
    assert.deepEqual(extent.box, [-179.999, 10, 179.999, 10]);
  });

  it('counts all places where subjects do not move between them, such as earthquakes', () => {
    const extent = new BoundingBox();
    for (let i = 0; i < 20; i++) extent.add('quakes', i * 1000, (i % 2) * 60 - 30, i * 10);
    assert.deepEqual(extent.box, [0, -30, 190, 30]);
    assert.equal(new BoundingBox().box, null);
  });

  it('counts a subject that is seen once', () => {
    const extent = new BoundingBox();
    drive(extent, 'a', [38, -9], 3);
    extent.add('lighthouse', 0, 40, -9);
    assert.equal(extent.box?.[3], 40);
  });
});
