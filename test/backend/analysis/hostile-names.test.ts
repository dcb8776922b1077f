import assert from 'node:assert/strict';
import fc from 'fast-check';
import { derive, eventsOf } from '../../../backend/analysis/engine/derive.ts';
import { checkedParams } from '../../../backend/analysis/hosting/registry.ts';
import windows from '../../../backend/analysis/services/windows.ts';
import type { Data } from '../../../core/wire/event.ts';

const START_MS = Date.UTC(2024, 0, 1);
/** Names that every object of JavaScript has, and some that nothing has. */
const NAMES = [
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__proto__',
  'isPrototypeOf',
  'a',
  'b',
];
const name = fc.constantFrom(...NAMES);

const run = (params: object, rows: { subject: string; data: Data }[]) => {
  const service = windows.create(checkedParams('windows', windows, { ...params }));
  const events = rows.map((row, i) => ({ ...row, timeMs: START_MS + i }));
  return derive(service, eventsOf('x', events));
};

describe('names that JavaScript objects have anyway', () => {
  for (const kind of ['tumbling', 'session', 'sliding'])
    it(`are members, values, keys and results like others in ${kind} windows`, () => {
      const row = fc.record({ member: name, value: name, by: name });
      fc.assert(
        fc.property(fc.array(row, { minLength: 1, maxLength: 8 }), name, (rows, asked) => {
          const data = rows.map(
            ({ member, value, by }) => JSON.parse(`{"${member}": "${value}", "by ": "${by}"}`) as Data,
          );
          const { outputs, rejected } = run(
            {
              window: { kind, size: '1h' },
              by: 'data["by "]',
              select: JSON.parse(
                `{"n": "count(${asked})", "${asked}": "topk(${asked}, 3)", "d": "distinct(${asked})", "all": "count()"}`,
              ) as object,
            },
            data.map((each) => ({ subject: 's', data: each })),
          );
          assert.deepEqual(rejected, []);
          const last = new Map(outputs.map(({ subject, data: derived }) => [subject, derived]));
          assert.deepEqual([...last.keys()].sort(), [...new Set(rows.map(({ by }) => by))].sort());
          for (const [by, derived] of last) {
            const values = rows.filter((each) => each.by === by);
            const having = values.filter(({ member }) => member === asked);
            assert.equal(derived['n'], having.length);
            assert.equal(derived['all'], values.length);
            assert.equal(derived['d'], new Set(having.map(({ value }) => value)).size);
            const top = Object.getOwnPropertyDescriptor(derived, asked)?.value as {
              value: string;
              count: number;
            }[];
            assert.equal(
              top.reduce((sum, { count }) => sum + count, 0),
              having.length,
            );
            assert.ok(top.every(({ value }) => having.some((each) => each.value === value)));
          }
        }),
      );
    });
});

describe('an expression that takes too many steps', () => {
  const many = Array.from({ length: 3_000 }, (_, i) => i);
  const good = { subject: 's', data: { l: [1, 2] } };
  const window = { kind: 'tumbling', size: '1h' };
  const costly = 'l.all(a, l.all(b, a + b >= 0.0))';
  for (const [what, params] of Object.entries({
    where: { window, by: null, where: costly, select: { n: 'count()' } },
    by: { window, by: costly, select: { n: 'count()' } },
    select: { window, by: null, select: { n: `count(${costly})` } },
  }))
    it(`in "${what}" makes its event a dead letter, and the others count`, () => {
      const { outputs, rejected } = run(params, [good, { subject: 's', data: { l: many } }, good]);
      assert.deepEqual(
        outputs.map(({ data }) => data['n']),
        [2],
      );
      assert.deepEqual(
        rejected.map(({ reason }) => reason),
        ["An expression can't be evaluated for it: it takes more than 1000000 steps."],
      );
    });
});
