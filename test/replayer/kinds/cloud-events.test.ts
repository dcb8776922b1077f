import assert from 'node:assert/strict';
import { objectRow } from '../../../replayer/formats/support/event-rows.ts';

/** Rows as other programs write CloudEvents: the time and the subject that each has. */
const ROWS: [members: object, timeMs: number | undefined, subject: string | undefined][] = [
  [{ subject: 'ok', time: '2026-01-01T00:00:00Z' }, Date.UTC(2026, 0, 1), 'ok'],
  [{ subject: null, time: '2026-01-01T00:00:01Z' }, Date.UTC(2026, 0, 1, 0, 0, 1), undefined],
  [{ time: '2026-01-01T00:00:03Z' }, Date.UTC(2026, 0, 1, 0, 0, 3), undefined],
  [{ subject: 'off', time: '2026-01-01T00:00:04+05:30' }, Date.UTC(2025, 11, 31, 18, 30, 4), 'off'],
  [{ subject: 'leap', time: '2016-12-31T23:59:60Z' }, Date.UTC(2017, 0, 1), 'leap'],
];

describe('lines of CloudEvents', () => {
  for (const [members, timeMs, subject] of ROWS)
    it(JSON.stringify(members), () => {
      const event = { specversion: '1.0', id: '1', source: '/s', type: 't', ...members, data: { n: 1 } };
      const row = objectRow(1, JSON.stringify(event), new Map());
      assert.deepEqual([row.timeMs, row.subject, row.values], [timeMs, subject, { n: 1 }]);
    });
});
