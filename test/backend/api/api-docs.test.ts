import assert from 'node:assert/strict';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import { findResources } from '../../../backend/api/app.ts';
import { records, ApiWorld } from '../../helpers/api-world.ts';

interface Operation {
  responses: { [status: string]: { content?: { [type: string]: { schema: object } } } };
  operationId: string;
}

describe('API: documents', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  let openapi: {
    openapi: string;
    paths: { [path: string]: { [method: string]: Operation } };
    components: object;
  };
  before(async () => {
    world = await ApiWorld.start();
    await world.writer('gps').emit(records(3, ['bus']));
    openapi = (await world.get('/openapi.json')).body;
  });
  after(() => world.stop());

  it('document every route once', async () => {
    const resources = await findResources();
    assert.ok(resources.length >= 11);
    const declared = [
      ...resources.flatMap(({ routes }) => routes.map(({ method, path }) => `${method} /api/v1${path}`)),
      ...world.settings.endpoints.map(({ method, path }) => `${method.toLowerCase()} ${path}`),
      'get /api/v1/openapi.json',
      'get /api/v1/asyncapi.json',
    ].map((route) => route.replace('*}', '}'));
    const documented = Object.entries(openapi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    assert.deepEqual(documented.sort(), declared.sort());
    const ids = Object.values(openapi.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  it('describe the status and the body of every response', async () => {
    const values: { [name: string]: string } = {
      channel: 'gps',
      subject: 'bus',
      id: 'nothing.csv',
      path: 'channels/gps',
    };
    const ajv = new Ajv2020({ strict: false });
    (addFormatsModule as unknown as typeof addFormatsModule.default)(ajv);
    ajv.addSchema({ $id: 'doc:/openapi', components: openapi.components });
    for (const [path, methods] of Object.entries(openapi.paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        const address = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!);
        const streams = Object.values(responses).some(({ content }) => content?.['text/event-stream']);
        const answer = await world.call(streams ? 'HEAD' : method.toUpperCase(), address);
        const what = `${method} ${address}: ${answer.status} ${answer.text.slice(0, 200)}`;
        assert.ok(!['route_unknown', 'method_not_allowed'].includes(answer.body.code), what);
        assert.notEqual(answer.status, 500, what);
        const described = responses[answer.status] ?? responses['default']!;
        const type = answer.headers.get('content-type')?.split(';')[0];
        if (streams || !answer.text) continue;
        const content = described.content?.[type!];
        assert.ok(content, `${what} (${type})`);
        const pointed = JSON.parse(
          JSON.stringify(content.schema).replaceAll('"#/components', '"doc:/openapi#/components'),
        ) as object;
        const validate = ajv.compile(pointed);
        assert.ok(validate(answer.body), `${what}: ${ajv.errorsText(validate.errors)}`);
      }
    }
  });

  it('contain no broken references', async () => {
    const { body: asyncapi } = await world.get('/asyncapi.json');
    assert.equal(asyncapi.asyncapi, '3.0.0');
    for (const document of [openapi, asyncapi] as object[]) {
      const refs = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
      for (const [, target] of refs) {
        let found: unknown = document;
        for (const step of target!.replace('#/', '').split('/'))
          found = (found as { [name: string]: unknown } | undefined)?.[step];
        assert.ok(found, target);
      }
    }
    assert.ok(asyncapi.channels.live.messages.batch && asyncapi.channels.gps.messages.event);
  });

  it('are shown by a page that loads nothing from other hosts', async () => {
    const { text, headers } = await world.call('GET', '/docs');
    assert.doesNotMatch(text, /https?:\/\//);
    for (const [, path] of text.matchAll(/(?:src|href)="([^"]+)"/g))
      assert.equal((await world.call('GET', path!)).status, 200, path);
    assert.match(headers.get('content-security-policy')!, /script-src 'self'/);
    for (const schema of ['event', 'channels/gps', 'resources/replay'])
      assert.equal((await world.get(`/schemas/${schema}`)).status, 200);
  });
});
