import { asRepriseError } from '../../core/problems/errors.ts';
import { connect, type RedisPlace } from '../../core/redis/connection.ts';
import { factsOf } from '../../core/redis/server/facts.ts';
import { addressOf, shownUrl } from '../../core/redis/server/place.ts';
import { memoryFindings, othersFinding, type Finding } from '../../core/redis/server/preflight.ts';

const WORDS = { ok: 'ok     ', note: 'note   ', warning: 'WARNING', problem: 'PROBLEM' };

/** Checks whether Reprise can use a Redis, and prints what it found. The exit code is 1 if it can't. */
export async function diagnoseRedis(place: RedisPlace, json: boolean): Promise<void> {
  const url = shownUrl(place.redisUrl);
  const findings = await check(place);
  if (json)
    process.stdout.write(`${JSON.stringify({ url, namespace: place.namespace, checks: findings })}\n`);
  else {
    process.stdout.write(`${url}\n`);
    for (const { check, state, what, hint } of findings)
      process.stdout.write(
        `${WORDS[state]} ${check.padEnd(11)} ${what}${hint === undefined ? '' : ` ${hint}`}\n`,
      );
  }
  if (findings.some(({ state }) => state === 'problem')) process.exitCode = 1;
}

async function check(place: RedisPlace): Promise<Finding[]> {
  const { user, database } = addressOf(place.redisUrl);
  try {
    const redis = await connect(place, 'doctor');
    try {
      const facts = await factsOf(redis);
      const ok = (check: string, what: string): Finding => ({ check, state: 'ok', what });
      return [
        ok('connection', 'It answers.'),
        ok('version', `It is ${facts.program} ${facts.version}.`),
        ok('role', 'It is a primary, and not a cluster.'),
        ok('database', `Database ${database} exists.`),
        ok('rights', `The user "${user ?? 'default'}" may do what is needed, and the functions are loaded.`),
        ...memoryFindings(facts),
        await othersFinding(redis, database),
      ];
    } finally {
      redis.disconnect();
    }
  } catch (thrown) {
    const { message, hint, code } = asRepriseError(thrown);
    return [
      {
        check: code.replace(/^redis_/, ''),
        state: 'problem',
        what: message,
        ...(hint !== undefined && { hint }),
      },
    ];
  }
}
