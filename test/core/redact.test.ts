import assert from 'node:assert/strict';
import fc from 'fast-check';
import { redactor } from '../../core/logging/redact.ts';
import { inWorker } from '../helpers/in-worker.ts';

/** The rules as plain patterns, which say the same and take time that grows with the square of the line. */
const NAME =
  '[\\w.-]*(?:password|passwd|passphrase|secret|token|credential|authorization|cookie|api[_-]?key)[\\w.-]*';
const PLAIN: [RegExp, string][] = [
  [/([a-z][a-z\d+.-]*:\/\/)[^\s"'/?#]*@/gi, '$1***@'],
  [new RegExp(`"(${NAME})":"(?:[^"\\\\]|\\\\.)*"`, 'gis'), '"$1":"***"'],
  [/([?&](?:key|token|access_token|api_?key|password)=)[^&\s"'\\]+/gi, '$1***'],
  [/\b(Bearer\s+)[\w.~+/=-]+/gi, '$1***'],
  [/, (?:\.{3})?\\".*?\\"(?:\.{3})? is not valid JSON/gs, ' in a text that is not valid JSON'],
];
const plainly = (line: string) => PLAIN.reduce((text, [pattern, by]) => text.replace(pattern, by), line);

describe('the redactor', () => {
  const redact = redactor([]);

  it('removes secrets and keeps the rest', () => {
    for (const [line, expected] of [
      ['{"url":"redis://me:pw@host:1/0"}', '{"url":"redis://***@host:1/0"}'],
      ['{"db_password":"a\\"b","n":1}', '{"db_password":"***","n":1}'],
      ['{"message":"GET /x?api_key=abc&n=1"}', '{"message":"GET /x?api_key=***&n=1"}'],
      ['{"message":"Authorization: Bearer ab.cd"}', '{"message":"Authorization: Bearer ***"}'],
      [
        '{"message":"Unexpected token, \\"{a\\" is not valid JSON"}',
        '{"message":"Unexpected token in a text that is not valid JSON"}',
      ],
      ['{"message":"mail a@b and tokens"}', '{"message":"mail a@b and tokens"}'],
    ] as const)
      assert.equal(redact(line), expected);
    assert.equal(redactor(['hunter22'])('{"a":"hunter22 hunter2"}'), '{"a":"*** hunter2"}');
  });

  it('removes from any line what plain patterns remove', () => {
    const piece = fc.constantFrom(
      ...[
        '"',
        '\\"',
        '\\',
        ':',
        '":"',
        '","',
        '{',
        '}',
        ' ',
        '/',
        '//',
        '://',
        '@',
        '?',
        '&',
        '=',
        ', ',
        '...',
        '.',
        '-',
        '#',
        "'",
        '\n',
      ],
      ...[
        'token',
        'Password',
        'api-key',
        'api_key',
        'cookie',
        'a',
        'redis',
        'user',
        'key',
        'Bearer',
        'bearer ',
        ' is not valid JSON',
        '9',
        'ä',
      ],
    );
    const anything = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
    const json = fc
      .dictionary(
        fc.constantFrom('token', 'my.Password', 'note', 'url', 'api-keys', 'a'),
        fc.oneof(anything, fc.integer(), fc.constant({ secret: 'x' })),
      )
      .map((value) => JSON.stringify(value));
    fc.assert(
      fc.property(fc.oneof(anything, json), (line) => assert.equal(redact(line), plainly(line))),
      { numRuns: 3_000 },
    );
  });

  it('takes time in proportion to the line', async function () {
    this.timeout(200_000);
    const pieces = [
      'a',
      'a://',
      '://',
      'a://a:',
      '"token":"',
      '"token',
      '"',
      '\\"',
      ', \\"',
      '\\" is not valid JSON',
      'Bearer ',
      'Bearer',
      '?key=',
      'password',
      '-',
      ' ',
      'a@',
      '\\',
    ];
    const lines = pieces.map((each) => each.repeat(Math.ceil(1_000_000 / each.length)));
    const jobs = [...lines, ...lines.map((line) => `{"token":"${line}`)].map((line) => ({
      call: 'redactor',
      of: [['hunter22']],
      then: [line],
    }));
    const found = await inWorker('../../core/logging/redact.ts', jobs);
    assert.ok(found.every((line) => typeof line === 'string'));
  });
});
