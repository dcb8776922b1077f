import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { mixed, valid, type Schema } from '../../helpers/schema-arbitrary.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

interface Parameter {
  name: string;
  in: 'path' | 'query';
  schema: Schema;
}

interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: { [type: string]: { schema: Schema } } };
  responses: { [status: string]: { content?: { [type: string]: unknown } } };
}

interface Request {
  method: string;
  address: string;
  body: string | undefined;
}

/** More with `FUZZ_TRIES=10000 npx mocha test/backend/api/api-fuzz.test.ts`. */
const TRIES = Number(process.env['FUZZ_TRIES'] ?? 2_500);
const AT_ONCE = 32;
/** Names of things that exist, so that some requests are valid. */
const KNOWN: { [name: string]: string[] } = {
  channel: ['gps'],
  subject: ['bus'],
  name: ['text', 'movement', 'gps.windows'],
  path: ['channels/gps'],
};

describe('API: generated requests', function () {
  this.timeout(120_000);
  let world: ApiWorld;
  before(async () => {
    world = await ApiWorld.start({ rateLimit: { requests: 1e9, seconds: 60 } });
    await world.writer('gps').emit(records(100, ['bus', 'car']));
  });
  after(() => world.stop());

  it(`cause no unexpected error in ${TRIES.toLocaleString('en')} tries`, async () => {
    const { body: openapi } = await world.get('/openapi.json');
    const operations = Object.entries(
      openapi.paths as { [path: string]: { [method: string]: Operation } },
    ).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) =>
        requests(path, method, operation, openapi as object),
      ),
    );
    assert.ok(operations.length > 40);
    const each = Math.ceil(TRIES / operations.length);
    const all = operations.flatMap((arbitrary, i) => fc.sample(arbitrary, { seed: 7 + i, numRuns: each }));
    const failures: string[] = [];
    const statuses = new Map<number, number>();
    const next = all[Symbol.iterator]();
    const work = async () => {
      for (const { method, address, body } of { [Symbol.iterator]: () => next }) {
        const abort = new AbortController();
        // A stream that opens counts as an answer, and so does a wait that was asked for.
        const limit = setTimeout(() => abort.abort(), 500);
        try {
          const response = await fetch(world.url + address, {
            method,
            ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
            signal: abort.signal,
          });
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          if (response.headers.get('content-type')?.startsWith('text/event-stream')) abort.abort();
          const text = await response.text().catch(() => '');
          if (response.status === 500 || /"code":"unexpected"/.test(text))
            failures.push(`${method} ${address} ${body}: ${text}`);
        } catch (error) {
          if (!abort.signal.aborted) failures.push(`${method} ${address} ${body}: ${String(error)}`);
        } finally {
          clearTimeout(limit);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    assert.deepEqual(failures.slice(0, 5), []);
    assert.equal((await fetch(`${world.url}/readyz`)).status, 200, 'it still serves');
    // Some requests were accepted and some were refused.
    for (const status of [200, 404, 422])
      assert.ok((statuses.get(status) ?? 0) > TRIES / 100, `${status}: ${JSON.stringify([...statuses])}`);
  });
});

function requests(
  path: string,
  method: string,
  operation: Operation,
  document: object,
): fc.Arbitrary<Request> {
  const parameters = operation.parameters ?? [];
  const inPath = parameters.filter((each) => each.in === 'path');
  const inQuery = parameters.filter((each) => each.in === 'query');
  const value = ({ name, schema }: Parameter): fc.Arbitrary<unknown> =>
    fc.oneof(
      {
        weight: 3,
        arbitrary: KNOWN[name] ? fc.constantFrom<unknown>(...KNOWN[name]) : valid(schema, document),
      },
      { weight: 1, arbitrary: mixed(schema, document) },
    );
  const body = Object.values(operation.requestBody?.content ?? {})[0];
  return fc
    .record({
      path: fc.tuple(...inPath.map(value)),
      query: fc.tuple(...inQuery.map((each) => fc.option(value(each), { nil: undefined }))),
      body: body ? mixed(body.schema, document).map((it) => JSON.stringify(it)) : fc.constant(undefined),
    })
    .map((drawn) => {
      let address = path;
      for (const [i, { name }] of inPath.entries())
        address = address.replace(`{${name}}`, encodeURIComponent(textOf(drawn.path[i])) || 'x');
      const query = inQuery.flatMap(({ name }, i) =>
        drawn.query[i] === undefined || name === 'wait'
          ? []
          : [`${name}=${encodeURIComponent(textOf(drawn.query[i]))}`],
      );
      return {
        method: method.toUpperCase(),
        address: query.length > 0 ? `${address}?${query.join('&')}` : address,
        body: drawn.body,
      };
    });
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  // A lone surrogate is not valid text.
  return Buffer.from(text).toString();
}
