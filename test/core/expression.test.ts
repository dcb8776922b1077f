import assert from 'node:assert/strict';
import fc from 'fast-check';
import { compilePredicate, compileValue } from '../../core/wire/expression.ts';
import type { Data } from '../../core/wire/event.ts';
import { inWorker } from '../helpers/in-worker.ts';

const NAMES = [
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__proto__',
  'prototype',
  'isPrototypeOf',
];
/** Names that the library takes for no variable; as members of `data` in brackets they are fine. */
const RESERVED = ['__proto__', 'prototype'];

function evaluated(text: string, data: Data): { value: unknown; told: string[] } {
  const told: string[] = [];
  const value = compileValue(text, (reason, isCostly) => told.push(`${isCostly ? 'costly: ' : ''}${reason}`))(
    data,
  );
  return { value, told };
}

const refused = (text: string, type: 'value' | 'condition' = 'value') => {
  try {
    (type === 'value' ? compileValue : compilePredicate)(text);
  } catch (error) {
    return (error as Error).message;
  }
  return assert.fail(`${text} is accepted`);
};

describe('expressions', () => {
  describe('are refused where they are set up, with the place,', () => {
    const deep = (levels: number): string =>
      levels === 0 ? 'true' : `l.all(x${levels}, ${deep(levels - 1)})`;
    const cases: [what: string, expression: string, message: RegExp, type?: 'condition'][] = [
      [
        'when a pattern is not valid',
        'text.matches("(a")',
        /"\(a" is not a valid pattern: missing closing \).* at character 14\./,
      ],
      [
        'when a pattern looks around',
        'a == 1 && text.matches("(?=a)b")',
        /look-around and back references are not possible in RE2\) at character 24\./,
      ],
      [
        'when a pattern refers back',
        String.raw`l.exists(x, x.matches("(a)\\1"))`,
        /back references.* at character 23\./,
      ],
      [
        'when a pattern is too large',
        `text.matches("${'(a{500}b?)'.repeat(4)}")`,
        /is too large: it has \d+ instructions, and at most 1000/,
      ],
      ['when macros are nested too deep', deep(5), /more than 4 deep at character \d+\./],
      [
        'when types can never fit',
        'speed + 1 > "a" + 1',
        /no such overload: string \+ int at character 13\./,
      ],
      [
        'when there is no such function',
        'speed > median(l)',
        /no matching overload for 'median\(dyn\)' at character 9\./,
      ],
      ['when a condition is a text', '"a" + name', /neither true nor false, but of type string/, 'condition'],
      [
        'when a map has a key that would be lost',
        '{"a": 1, "__proto__": 2}',
        /can't have the key "__proto__" at character 10\./,
      ],
      ['when they are long', `a == "${'x'.repeat(2_000)}"`, /longer than 2000 characters/],
    ];
    for (const [what, expression, message, type] of cases)
      it(what, () => assert.match(refused(expression, type), message));

    it('but not for macros that stand side by side, or four deep', () => {
      assert.equal(evaluated(deep(4), { l: [1] }).value, true);
      assert.deepEqual(
        evaluated('l.map(x, x + 1).filter(x, x > 2).map(x, x * 2).filter(x, x > 6).map(x, x).map(x, x)', {
          l: [1, 2, 3],
        }).value,
        [8],
      );
    });
  });

  describe('take a bounded time', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => i);
    const long = 'a'.repeat(1_000_000);
    const cases: [what: string, expression: string, data: Data, value: unknown][] = [
      ['a pattern that backtracks', 'text.matches("^(a+)+$")', { text: `${'a'.repeat(50)}!` }, false],
      ['the same over a long text', 'text.matches("^(a+)+$")', { text: `${'a'.repeat(100_000)}!` }, false],
      [
        'a pattern from the data',
        'text.matches(pattern)',
        { text: `${'a'.repeat(5_000)}!`, pattern: '^(a|a)*$' },
        false,
      ],
      [
        'nested macros',
        'l.all(a, l.all(b, l.all(c, l.all(d, a + b + c + d >= 0.0))))',
        { l: many },
        undefined,
      ],
      [
        'nested macros whose failure is caught',
        'l.all(a, l.all(b, l.all(c, a + b + c >= 0.0))) || true',
        { l: many },
        undefined,
      ],
      [
        'lists that double',
        'cel.bind(a, l + l, cel.bind(b, a + a, cel.bind(c, b + b, cel.bind(d, c + c, cel.bind(e, d + d, cel.bind(f, e + e, cel.bind(g, f + f, cel.bind(h, g + g, cel.bind(i, h + h, size(i + i))))))))))',
        { l: many },
        undefined,
      ],
      [
        'texts that double',
        `${'cel.bind(t, t + t, '.repeat(40)}size(t)${')'.repeat(40)}`,
        { t: long },
        undefined,
      ],
      ['a text joined with itself', 'l.map(x, text).join(text).size()', { l: many, text: long }, undefined],
      [
        'a text in a text',
        'text.contains(part)',
        { text: long, part: `${'a'.repeat(200_000)}b${'a'.repeat(200_000)}` },
        undefined,
      ],
      [
        'a text searched from its end',
        'text.lastIndexOf(part)',
        { text: long, part: `${'a'.repeat(400_000)}b` },
        undefined,
      ],
      [
        'large data compared again and again',
        'l.exists(x, l.exists(y, many == more))',
        { l: many, many: [[many, long]], more: [[many, `${long}b`]] },
        undefined,
      ],
      [
        'times in other zones',
        'l.map(x, l.map(y, timestamp("2024-01-01T00:00:00Z").getHours("Europe/Berlin")))',
        { l: many },
        undefined,
      ],
      ['a long duration', 'duration(text) > duration("1s")', { text: '1'.repeat(1_000_000) }, undefined],
    ];
    it('whatever the data are', async function () {
      this.timeout(60_000);
      const found = await inWorker(
        '../../core/wire/expression.ts',
        cases.map(([, expression, data]) => ({ call: 'compileValue', of: [expression], then: [data] })),
        20_000,
      );
      assert.deepEqual(
        found.map((value, i) => [cases[i]![0], value]),
        cases.map(([what, , , value]) => [what, value]),
      );
    });

    it('and tell when it was too much, also where the expression itself caught it', () => {
      for (const expression of [
        'l.all(a, l.all(b, a + b >= 0.0))',
        'l.all(a, l.all(b, a + b >= 0.0)) || true',
        'l.all(a, l.all(b, a + b >= 0.0)) && false',
      ])
        assert.deepEqual(evaluated(expression, { l: many }).told, [
          'costly: it takes more than 1000000 steps',
        ]);
    });

    it('and every evaluation has its own bound', () => {
      const evaluate = compileValue('l.filter(x, x > 990.0).size()');
      for (let i = 0; i < 1_000; i++) assert.equal(evaluate({ l: many }), 9);
    });
  });

  it('tell why they could not be evaluated, unless a member is missing', () => {
    assert.deepEqual(evaluated('speed > 30', {}), { value: undefined, told: [] });
    assert.deepEqual(evaluated('data.at.speed > 30', { at: {} }), { value: undefined, told: [] });
    assert.deepEqual(evaluated('speed > 30', { speed: 'n/a' }), {
      value: undefined,
      told: ['no such overload: dyn<string> > int'],
    });
    const told: string[] = [];
    const isFast = compilePredicate('speed', (reason) => told.push(reason));
    assert.deepEqual([isFast({ speed: true }), isFast({ speed: 3 }), isFast({})], [true, false, false]);
    assert.deepEqual(told, ['it is neither true nor false, but number']);
  });

  describe('see the members that a datum has of its own, whatever their names', () => {
    it('and no others', () => {
      for (const name of NAMES) {
        assert.equal(compileValue(name)({ a: 1 }), undefined, name);
        if (!RESERVED.includes(name)) assert.equal(compileValue(`${name} == 3`)({ a: 1 }), undefined, name);
        if (!RESERVED.includes(name))
          assert.equal(compilePredicate(`has(data.${name})`)({ a: 1 }), false, name);
        assert.equal(compilePredicate(`"${name}" in data`)({ a: 1 }), false, name);
      }
    });

    it('as they stand in the datum', () => {
      const inner = fc.oneof(
        fc.integer(),
        fc.string(),
        fc.constant({ constructor: 1 }),
        fc.constant([{ valueOf: 2 }]),
      );
      fc.assert(
        fc.property(fc.constantFrom(...NAMES), inner, (name, value) => {
          const json = `{"a": 1, "${name}": ${JSON.stringify(value)}, "in": {"${name}": ${JSON.stringify(value)}, "b": 2}}`;
          const data = JSON.parse(json) as Data;
          assert.deepEqual(compileValue(name)(data), value);
          assert.deepEqual(compileValue(`data["${name}"]`)(data), value);
          assert.deepEqual(compileValue(`data["in"]["${name}"]`)(data), value);
          assert.equal(compileValue('data["in"].b')(data), 2);
          assert.equal(compileValue('a')(data), 1);
          assert.equal(JSON.stringify(compileValue('data')(data)), JSON.stringify(data));
          assert.equal(JSON.stringify(compileValue('[data]')(data)), JSON.stringify([data]));
          assert.equal(compilePredicate('data == data && [data][0] == data')(data), true);
        }),
      );
    });
  });
});
