import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';
import type { Redis } from '../../core/redis/connection.ts';
import { setupOf, SetupStore } from '../../core/setup/setup.ts';
import { ServiceProcess } from '../../cli/conformance/harness/service-process.ts';
import { examine, type Finding } from '../../cli/conformance/run.ts';
import { findPython } from '../../scripts/python.mjs';
import type { Pipeline } from '../../schemas/types.ts';
import { withRedis } from '../helpers/redis.ts';

const TEXT = 'Good morning from Lisbon. The tram is wonderful today!';

/** How many programs with a planted fault run at a time. */
const LANES = 6;

/** For each planted fault: the check that must find it, and the text that the check must report. */
const FAULTS: { [fault: string]: [check: string, words: RegExp] } = {
  members: ['envelope', /pipeline is missing.*params is missing/],
  subject: ['envelope', /subject is "faulty-subject" and should be "conformance/],
  double: ['envelope', /two have the same data/],
  channel: ['envelope', /nothing came out on the channel that the route names/],
  trace: ['trace', /The trace \w+ goes on as c{32}/],
  branch: ['branch', /^On the route \[\[\[\d+\],\[\d+,\d+\]\],\d+\], \d+ should get 1 and got 0\./],
  params: ['parameters', /gives the same as without/],
  retry: ['retry', /neither tried again nor made a dead letter/],
  ack: ['once', /had acknowledged \d+ events when \d+ results were there: killed in between, it loses some/],
  heartbeat: ['heartbeat', /not again for 2\.5 s/],
  stop: ['stop', /told to stop, and processed 5 of 5 events all the same/],
  pending: ['kill', /Of 100 events \d+ are missing and 0 doubled/],
};

function assertPassed(findings: Finding[]): void {
  assert.deepEqual(
    findings.filter(({ state }) => state !== 'ok'),
    [],
  );
  assert.equal(findings.length, 10);
}

describe('reprise conformance', function () {
  this.timeout(120_000);
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));

  async function findings(
    service: string,
    command: string,
    options: Partial<Parameters<typeof examine>[3]> = {},
  ): Promise<Finding[]> {
    const program = new ServiceProcess(command, { redisUrl: url, namespace: '' });
    const found: Finding[] = [];
    const all = { data: { n: 21 }, params: { factor: 3 }, bad: null, events: 100, patienceMs: 8_000 };
    const store = new SetupStore(redis, setupOf({}));
    for await (const finding of examine(redis, store, service, { ...all, program, ...options }))
      found.push(finding);
    return found;
  }

  function python(): Promise<Finding[]> | null {
    const found = findPython();
    if (!found) return null;
    const file = join(root, 'examples', 'python-service', 'words.py');
    const command = `PYTHONPATH="${found.env['PYTHONPATH']}" exec "${found.program}" "${file}"`;
    return findings('words', command, {
      data: { text: TEXT },
      params: { long_word_letters: 4 },
      events: 200,
    });
  }

  function shell(): Promise<Finding[]> {
    const command = `exec sh "${join(root, 'examples', 'shell-service', 'size.sh')}"`;
    const options = { data: { text: TEXT }, params: { unit: 'letters' }, events: 60, patienceMs: 15_000 };
    return findings('size', command, options);
  }

  async function hosted(): Promise<Finding[]> {
    const store = new SetupStore(redis, setupOf({}));
    const pipeline: Pipeline = { steps: [{ service: 'clean' }] };
    await store.put('pipelines', 'examined', pipeline);
    const command = `exec "${process.execPath}" "${join(root, 'bin', 'reprise.js')}" serve analysis`;
    const data = { text: 'look: https://example.org' };
    const found = await findings('examined.clean', command, {
      data,
      params: { urls: 'keep' },
      patienceMs: 15_000,
    });
    assert.deepEqual((await store.read()).pipelines['examined'], pipeline, 'all is as it was');
    return found;
  }

  let good: (Promise<Finding[]> | null)[];
  let faulty: Map<string, Promise<Finding[]>>;
  before(() => {
    const program = join(root, 'test', 'fixtures', 'faulty-service.mjs');
    good = [python(), shell(), hosted()];
    // Services wait more than they work, so several run at a time.
    const lanes: Promise<unknown>[] = Array.from({ length: LANES }, () => Promise.resolve());
    faulty = new Map(
      ['none', ...Object.keys(FAULTS)].map((fault, i) => {
        const name = `faulty-${fault}`;
        const command = `exec "${process.execPath}" "${program}" ${name} ${fault}`;
        const found = lanes[i % LANES]!.then(() => findings(name, command));
        lanes[i % LANES] = found.catch(() => {});
        return [fault, found];
      }),
    );
    // The tests below wait for them; until then a failure must not count as unhandled.
    for (const each of [...good, ...faulty.values()]) each?.catch(() => {});
  });

  it('passes the Python service', async function () {
    // The hook has reported the reason.
    if (!good[0]) return this.skip();
    assertPassed(await good[0]);
  });
  it('passes the shell service', async () => assertPassed(await good[1]!));
  it('passes a step that the analysis host runs', async () => assertPassed(await good[2]!));

  it('finds each of twelve faults, and says it in words', async () => {
    for (const [fault, [check, words]] of Object.entries(FAULTS)) {
      const found = await faulty.get(fault)!;
      const finding = found.find((each) => each.check === check);
      assert.equal(finding?.state, 'failed', `${fault}: ${JSON.stringify(found)}`);
      assert.match(finding.what, words);
    }
    assertPassed(await faulty.get('none')!);
  });

  it('the command says so line by line, and with its exit code', () => {
    const args = ['--patience', '100ms', '--command', 'echo no such file; exit 1', '--redis', url];
    const silent = spawnSync(process.execPath, ['bin/reprise.js', 'conformance', 'nobody', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(silent.status, 1);
    assert.match(silent.stdout, /^FAIL envelope +The command has ended\. It said: no such file/);
    assert.match(silent.stdout, /\n {5}It said last:\n {7}no such file\n/);
  });

  it('a failed check shows the reason that the service gave, and what its program said last', () => {
    const reader = [
      'XREADGROUP',
      'GROUP',
      'broken',
      'one',
      'COUNT',
      '1',
      'BLOCK',
      '0',
      'STREAMS',
      '$log',
      "'>'",
    ];
    const cli = `redis-cli -u ${url}`;
    const script = [
      'log=reprise:log:broken.in',
      'echo cannot load the model >&2',
      `while :; do id=$(${cli} --raw ${reader.join(' ')} | sed -n 2p);`,
      `${cli} FCALL reprise_fail 0 broken broken.in "$id" 'the model is missing' >/dev/null; done`,
    ].join('\n');
    const args = ['--patience', '2s', '--json', '--command', script, '--redis', url];
    const ended = spawnSync(process.execPath, ['bin/reprise.js', 'conformance', 'broken', ...args], {
      cwd: root,
      encoding: 'utf8',
    });
    const { checks } = JSON.parse(ended.stdout) as { checks: Finding[] };
    assert.deepEqual([checks[0]!.state, checks[0]!.reason], ['failed', 'the model is missing'], ended.stdout);
    assert.deepEqual(checks[0]!.said, ['cannot load the model']);
  });
});
