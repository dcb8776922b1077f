import assert from 'node:assert/strict';
import { checkSetup } from '../../../backend/analysis/check.ts';
import { loadSettings, type Settings } from '../../../core/settings/settings.ts';

const settings = loadSettings({}, {});
const window = { kind: 'tumbling', size: '1m' } as const;
const analytics = { speeds: { from: 'gps', window, select: { top: 'max(speed)' } } };
const events = [
  { subject: 'a', time: '2026-05-04T07:00:10Z', data: { speed: 3 } },
  { subject: 'a', time: '2026-05-04T07:00:20Z', data: { speed: 5 } },
];

/** The errors of a configuration. */
async function problems(overrides: Partial<Settings>): Promise<string[]> {
  const findings = await checkSetup({ ...settings, services: {}, analytics, tests: [], ...overrides });
  return findings.flatMap((finding) => finding.problems.map((problem) => `${finding.what}: ${problem}`));
}

describe('the check of a configuration', () => {
  it('finds no problems in the shipped configuration, whose tests pass', async () => {
    assert.ok(settings.tests.length > 0);
    const findings = await checkSetup(settings);
    assert.deepEqual(
      findings.filter((finding) => finding.problems.length > 0),
      [],
    );
    assert.equal(findings.filter(({ what }) => what.startsWith('test ')).length, settings.tests.length);
  });

  it('reports parameters that a service cannot run with', async () => {
    const found = await problems({ services: { x: { use: 'stops', params: { radius_m: 'far' } } } });
    assert.equal(found.length, 1);
    assert.match(found[0]!, /service x: .*radius_m/);
  });

  it('reports how derived events differ from what a test expects', async () => {
    const test = { name: 't', of: 'speeds', events };
    const expected = { subject: 'a', time: '2026-05-04T07:01:00Z', to: 'speeds', data: { top: 5 } };
    assert.deepEqual(await problems({ tests: [{ ...test, expect: [expected] }] }), []);
    const found = await problems({
      tests: [{ ...test, expect: [{ ...expected, subject: 'b', data: { top: 4 } }, expected] }],
    });
    assert.deepEqual(found, [
      'test t: derived event 1: subject is "a", not "b"',
      'test t: derived event 1: data.top is 5, not 4',
      `test t: derived event 2 is missing: ${JSON.stringify(expected)}`,
    ]);
    assert.match(
      (await problems({ tests: [{ ...test, expect: [] }] }))[0]!,
      /derived event 1 is not expected.*"top":5/,
    );
    assert.match(
      (await problems({ tests: [{ ...test, of: 'nobody', expect: [] }] }))[0]!,
      /service "nobody" does not exist/,
    );
    assert.deepEqual(await problems({ tests: [{ ...test, ended: false, expect: [] }] }), []);
  });
});
