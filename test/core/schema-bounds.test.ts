import assert from 'node:assert/strict';
import { schemaProblem } from '../../schemas/index.ts';
import { inWorker } from '../helpers/in-worker.ts';

describe('schemas of others', () => {
  const cases: [what: string, schema: object, message: RegExp | null][] = [
    ['a pattern that backtracks', { type: 'string', pattern: '^(a+)+$' }, null],
    ['a pattern that looks around', { type: 'string', pattern: '(?=a)b' }, /look-around/],
    [
      'a pattern of names that refers back',
      { type: 'object', patternProperties: { '(a)\\1': {} } },
      /back references/,
    ],
    ['a pattern that is too large', { type: 'string', pattern: '(a{500}b?)(a{500}c?)' }, /too large/],
    ['a reference to elsewhere', { $ref: 'https://example.org/schema.json' }, /can't resolve reference/],
    ['a reference to itself', { $ref: '#' }, /refers to itself without an end/],
    [
      'references in a circle',
      {
        $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }] }, b: { $ref: '#/$defs/a' } },
        allOf: [{ $ref: '#/$defs/a' }],
      },
      /refers to itself without an end/,
    ],
    [
      'a tree',
      { $defs: { t: { type: 'object', properties: { a: { $ref: '#/$defs/t' } } } }, $ref: '#/$defs/t' },
      null,
    ],
    [
      'a long schema',
      { enum: Array.from({ length: 20_000 }, (_, i) => `v${i}`) },
      /longer than 100000 characters/,
    ],
  ];
  for (const [what, schema, message] of cases)
    it(`${message ? 'are refused where they are set up' : 'are taken'}: ${what}`, () => {
      const problem = schemaProblem(schema);
      if (message) assert.match(problem?.message ?? '', message);
      else assert.equal(problem, null);
    });

  it('are checked in a time that grows with the value', async function () {
    this.timeout(200_000);
    const long = 'a'.repeat(1_000_000);
    const many = Array.from({ length: 200_000 }, (_, i) => ({ a: i }));
    const jobs: [schema: object, value: unknown, isValid: boolean][] = [
      [{ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(50)}!`, false],
      [{ type: 'string', pattern: '^(a|a)*$' }, `${'a'.repeat(100_000)}!`, false],
      [{ type: 'string', pattern: '(a|b)*a(a|b){100}[cd]$' }, long, false],
      [
        { type: 'object', patternProperties: { '^(a+)+$': { type: 'number' } } },
        { [`${'a'.repeat(50)}!`]: 'x' },
        true,
      ],
      ...['email', 'uri', 'uri-reference', 'url', 'uri-template', 'hostname', 'duration'].flatMap(
        (format): [object, unknown, boolean][] => [
          [{ type: 'string', format }, long, false],
          [{ type: 'string', format }, `http://${'a:b@'.repeat(250_000)}`, false],
          [{ type: 'string', format }, `a@${'a.'.repeat(500_000)}`, false],
        ],
      ),
      [{ type: 'array', uniqueItems: true }, many, true],
      [{ type: 'array', uniqueItems: true }, [...many, { a: 5 }], false],
      [
        { type: 'array', uniqueItems: true },
        [
          { a: 1, b: [2] },
          { b: [2], a: 1 },
        ],
        false,
      ],
      [{ type: 'array', uniqueItems: true }, [1, '1', [1], ['1'], null, 'null', {}, []], true],
    ];
    const found = await inWorker(
      '../core/validated.ts',
      jobs.map(([schema, value]) => ({ call: 'isValid', of: [schema, value] })),
    );
    assert.deepEqual(
      found.map((isValid, i) => [JSON.stringify(jobs[i]![0]), isValid]),
      jobs.map(([schema, , isValid]) => [JSON.stringify(schema), isValid]),
    );
  });
});
