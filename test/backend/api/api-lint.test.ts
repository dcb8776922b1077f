import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { records, ApiWorld } from '../../helpers/api-world.ts';

const require = createRequire(import.meta.url);

describe('API: documents, checked by other tools', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  before(async () => {
    world = await ApiWorld.start({ apiKey: 'a key for all of it' });
    await world.writer('gps').emit(records(3));
  });
  after(() => world.stop());
  const key = { 'x-api-key': 'a key for all of it' };

  it('Redocly finds no problems in the OpenAPI document', async () => {
    const { text } = await world.get('/openapi.json', key);
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({ source: text, config });
    assert.deepEqual(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ''}`),
      [],
    );
  });

  it('the AsyncAPI document conforms to its specification and describes every channel', async () => {
    const { body } = await world.get('/asyncapi.json', key);
    const ajv = new Ajv({ strict: false, validateSchema: false, meta: false });
    (addFormatsModule as unknown as typeof addFormatsModule.default)(ajv);
    const file = require.resolve('@asyncapi/specs/schemas/3.0.0.json');
    const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object);
    const isValid: boolean = validate(body);
    assert.ok(isValid, ajv.errorsText(validate.errors));
    const { body: channels } = await world.get('/channels', key);
    const described = Object.values(body.channels as { [id: string]: { address: string } }).map(
      ({ address }) => address,
    );
    for (const { name } of channels.items as { name: string }[]) assert.ok(described.includes(name), name);
  });
});
