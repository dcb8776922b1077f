import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { ajv, explain, schemas } from '../../schemas/index.ts';

describe('schemas', () => {
  // The servers take them as they are, which spares each process of a start-up a fifth of a second.
  it('are JSON Schema 2020-12, each', () => {
    const meta = new Ajv2020();
    for (const [name, schema] of schemas) {
      assert.ok(meta.validateSchema(schema), `${name}: ${explain(meta.errors, schema)}`);
    }
  });

  it('can be compiled, each', () => {
    for (const name of schemas.keys()) assert.ok(ajv.getSchema(`reprise:/${name}`), name);
  });
});
