import assert from 'node:assert/strict';
import fc from 'fast-check';
import { colourOf, coloursOf } from '../../frontend/src/lib/live/subjects/subject-colours.ts';
import { Subjects } from '../../frontend/src/lib/live/subjects/subjects.ts';
import { SUBJECT_COLOURS } from '../../frontend/src/lib/ui/palette.ts';

const names = (most: number) => fc.uniqueArray(fc.string({ maxLength: 12 }), { maxLength: most });
const counted = (colours: Iterable<number>) => {
  const counts = new Map<number, number>();
  for (const colour of colours) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  return [...counts.values()];
};

describe('the colours of subjects', () => {
  it('follow from their names alone, in any order', () => {
    fc.assert(
      fc.property(
        names(150),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (list, order) => {
          const shuffled = list
            .map((name) => ({ name, at: order.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ name }) => name);
          assert.deepEqual([...coloursOf(list)].sort(), [...coloursOf(shuffled)].sort());
        },
      ),
    );
  });

  it('differ for as many subjects as there are colours, and repeat no earlier than they must', () => {
    fc.assert(
      fc.property(names(100), (list) => {
        const colours = [...coloursOf(list).values()];
        assert.equal(colours.length, list.length);
        assert.ok(colours.every((colour) => colour >= 0 && colour < SUBJECT_COLOURS));
        const counts = counted(colours);
        if (list.length <= 8 || list.length >= SUBJECT_COLOURS)
          assert.ok(Math.max(0, ...counts) - Math.min(...counts, 99) <= 1 || list.length === 0);
        assert.ok(
          Math.max(0, ...counts) <= Math.ceil(list.length / (list.length <= 8 ? 8 : SUBJECT_COLOURS)),
        );
      }),
    );
  });

  it('are those of the recording, whatever was seen of it, and in which order', () => {
    const roster = ['tram 1', 'tram 2', 'tram 3', 'tram 4', 'tram 5'];
    const seen = (order: string[], first: boolean) => {
      const subjects = new Subjects();
      if (first) subjects.expect('gps', roster);
      for (const name of order) subjects.get('gps', name);
      if (!first) subjects.expect('gps', roster);
      return [...subjects.all.values()].map(({ name, colour }) => [name, colour]).sort();
    };
    const one = seen(['tram 3', 'tram 1'], true);
    assert.deepEqual(seen(['tram 1', 'tram 3'], false), one);
    const all = new Map(seen([...roster].reverse(), false) as [string, number][]);
    for (const [name, colour] of one) assert.equal(all.get(name as string), colour);
    assert.equal(new Set(all.values()).size, roster.length);
  });

  it('of a live channel do not depend on the order of arrival, nor on what was shown before', () => {
    const subjects = new Subjects();
    for (const name of ['x', 'y', 'z']) subjects.get('gps', name);
    subjects.clear();
    for (const name of ['c', 'a', 'b']) subjects.get('gps', name);
    const expected = coloursOf(['a', 'b', 'c']);
    for (const { name, colour } of subjects.all.values()) assert.equal(colour, expected.get(name));
    for (let i = 0; i < 200; i++) subjects.get('gps', `n${i}`);
    for (const { name, colour } of subjects.all.values()) assert.equal(colour, colourOf(name));
  });
});
