import assert from 'node:assert/strict';
import { cellToLatLng, latLngToCell } from 'h3-js';
import density from '../../../../backend/analysis/services/density.ts';
import { timeMsOf } from '../../../../core/wire/event.ts';
import { fixes, recorded } from '../../../helpers/fixes.ts';
import { derived, START_MS } from '../../../helpers/services.ts';

describe('density', () => {
  it('counts fixes and subjects of each cell in each window', () => {
    const events = [
      ...fixes([[0, 50, 8], [10, 50, 8], [20, 51, 8]], 'a'),
      ...fixes([[30, 50, 8], [60, 50, 8], [70, 0, 0], [80, 50, 200]], 'b'),
      ...fixes([[150, 50, 8]], 'c'),
    ]; // prettier-ignore
    const outputs = derived(density, events, { window_seconds: 60 });
    const [here, there] = [latLngToCell(50, 8, 8), latLngToCell(51, 8, 8)];
    const found = outputs.map(({ subject, timeMs, data }) => [
      subject === here ? 'here' : subject === there ? 'there' : subject,
      (timeMs - START_MS) / 1000,
      data['fixes'],
      data['subjects'],
      data['complete'],
    ]);
    const ofFirst = [
      ['here', 60, 3, 2, true],
      ['there', 60, 1, 1, true],
    ];
    assert.deepEqual(found.slice(0, 2).sort(), ofFirst);
    assert.deepEqual(found.slice(2), [
      ['here', 120, 1, 1, true],
      ['here', 180, 1, 1, false],
    ]);
    const { cell, latitude, longitude, window_start: start, window_end: end } = outputs.at(-1)!.data;
    assert.deepEqual([latitude, longitude], cellToLatLng(cell as string));
    assert.equal(timeMsOf(end as string) - timeMsOf(start as string), 60_000);
  });

  it('does not count fixes from before a seek, nor those that come after their window was published', () => {
    const [restored, ...rest] = fixes([[0, 50, 8], [5, 50, 8], [90, 50, 8], [50, 50, 8]]); // prettier-ignore
    const outputs = derived(density, [{ ...restored!, restored: true }, ...rest], { window_seconds: 60 });
    assert.deepEqual(outputs.map(({ data }) => data['fixes']), [1, 1]); // prettier-ignore
  });

  it('counts each bus of Austin where it is, and none at (0, 0)', async function () {
    const events = await recorded(this, 'capmetro_buses_2017-03-16.csv');
    const outputs = derived(density, events, { resolution: 7, window_seconds: 3600 }, 10_000);
    const expected = new Map<string, { fixes: number; subjects: Set<string> }>();
    for (const { subject, time, data } of events) {
      if (data['latitude'] === 0) continue;
      const cell = latLngToCell(data['latitude'] as number, data['longitude'] as number, 7);
      const key = `${cell} ${Math.floor(timeMsOf(time) / 3_600_000)}`;
      const counts = expected.get(key) ?? { fixes: 0, subjects: new Set() };
      expected.set(key, counts);
      counts.fixes++;
      counts.subjects.add(subject);
    }
    const found = outputs.map(({ data }) => {
      const hour = timeMsOf(data['window_start'] as string) / 3_600_000;
      return [`${String(data['cell'])} ${hour}`, data['fixes'], data['subjects']];
    });
    const all = Array.from(expected, ([key, counts]) => [key, counts.fixes, counts.subjects.size]);
    assert.deepEqual(found.sort(), all.sort());
    for (const { data } of outputs) assert.ok(Math.abs((data['latitude'] as number) - 30.3) < 1);
  });
});
