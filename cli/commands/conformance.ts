import type { Command } from 'commander';
import { refusal } from '../../core/problems/errors.ts';
import { connect } from '../../core/redis/connection.ts';
import { setupOf, SetupStore } from '../../core/setup/setup.ts';
import { durationMs } from '../../core/time/duration.ts';
import { ServiceProcess } from '../conformance/harness/service-process.ts';
import { examine, type Finding } from '../conformance/run.ts';
import { namespaceOption, redisOption, redisSettings, type RedisOptions } from '../support/redis-options.ts';

const DATA = {
  text: 'Good morning from Lisbon. The tram is wonderful today!',
  latitude: 38.7,
  longitude: -9.1,
  n: 1,
};

interface Options extends RedisOptions {
  command?: string;
  data?: string;
  params?: string;
  bad?: string;
  events: string;
  patience: string;
  json?: boolean;
}

/** `reprise conformance SERVICE`: checks that a service in any language does what docs/protocol.md says. */
export default {
  name: 'conformance',
  register(program: Command) {
    program
      .command('conformance')
      .description('check whether a service in any language keeps the protocol')
      .argument('<service>', 'name of the service; it must run already, unless --command starts it')
      .option(
        '--command <command>',
        'how to start the service, e.g. "python3 service.py"; it is killed and started again, too',
      )
      .option('--data <json>', 'data that the service accepts (default: a text with a place)')
      .option('--params <json>', 'parameters that change its output for that data')
      .option('--bad <json>', 'data that the service rejects (default: invalid parameters)')
      .option('--events <count>', 'how many events to send through it', '200')
      .option('--patience <span>', 'how long to wait for each result', '15s')
      .addOption(redisOption('find the service in'))
      .addOption(namespaceOption())
      .option('--json', 'print one JSON line instead of text')
      .action(run);
  },
};

async function run(service: string, options: Options): Promise<void> {
  const settings = redisSettings(options);
  const redis = await connect(settings, 'conformance');
  const program = options.command === undefined ? null : new ServiceProcess(options.command, settings);
  const interrupted = () => void program?.kill().finally(() => process.exit(1));
  process.once('SIGINT', interrupted);
  const findings: Finding[] = [];
  try {
    for await (const finding of examine(redis, new SetupStore(redis, setupOf(settings)), service, {
      data: object(options.data, '--data') ?? DATA,
      params: object(options.params, '--params'),
      bad: object(options.bad, '--bad'),
      events: Math.max(20, Number(options.events) || 0),
      patienceMs: durationMs(options.patience, 'patience'),
      program,
    })) {
      findings.push(finding);
      if (!options.json) process.stdout.write(line(finding));
    }
  } finally {
    process.removeListener('SIGINT', interrupted);
    redis.disconnect();
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ service, checks: findings })}\n`);
  if (findings.some(({ state }) => state === 'failed')) process.exitCode = 1;
}

const WORDS = { ok: 'ok  ', failed: 'FAIL', skipped: 'skip' };

function line({ check, state, what, hint, reason, said = [] }: Finding): string {
  const own = [
    ...(reason === undefined ? [] : [`The service gave the reason: ${reason}`]),
    ...(said.length === 0 ? [] : ['It said last:', ...said.map((text) => `  ${text}`)]),
  ];
  const first = `${WORDS[state]} ${check.padEnd(10)} ${what}${hint === undefined ? '' : ` ${hint}`}`;
  return [first, ...own.map((text) => `     ${text}`), ''].join('\n');
}

function object(text: string | undefined, option: string): { [name: string]: unknown } | null {
  if (text === undefined) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as { [name: string]: unknown };
  } catch {
    // Refused below.
  }
  throw refusal('json_malformed', `${option} must be a JSON object, got ${text.slice(0, 60)}.`);
}
