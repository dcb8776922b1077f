import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys } from '../../../core/wire/keys.ts';
import type { AuditEntry } from '../../../schemas/types.ts';
import { ApiWorld } from '../../helpers/api-world.ts';
import { eventually } from '../../helpers/wait.ts';

const secret = (name: string) => `${name}-key-of-many-characters`;
const as = (name: string) => ({ 'x-api-key': secret(name) });

describe('the audit trail', function () {
  this.timeout(30_000);
  let world: ApiWorld;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-audit-'));
    const file = join(folder, 'keys.json');
    const all = ['read', 'control', 'admin'].map((scope) => ({
      name: `${scope}-user`,
      scope,
      key: secret(scope),
    }));
    writeFileSync(file, JSON.stringify({ keys: all }));
    world = await ApiWorld.start({ keys: file });
  });
  after(async () => {
    await world.stop();
    rmSync(folder, { recursive: true });
  });

  const list = async (query = '') =>
    (await world.get(`/audit${query}`, as('admin'))).body as { items: AuditEntry[]; cursor: string | null };
  /** The entries of what `work` does, oldest first. */
  async function entriesOf(count: number, work: () => Promise<unknown>): Promise<AuditEntry[]> {
    const known = (await list('?limit=1000')).items.length;
    await work();
    let items: AuditEntry[] = [];
    await eventually('the entries', async () => {
      ({ items } = await list('?limit=1000'));
      return items.length >= known + count;
    });
    assert.equal(items.length, known + count);
    return items.slice(0, count).reverse();
  }

  it('tells who changed what, with what was there before and after', async () => {
    const path = '/api/v1/services/mine';
    const first = { use: 'copy', input: 'a', output: 'b' };
    const second = { use: 'copy', input: 'a', output: 'c' };
    const entries = await entriesOf(3, async () => {
      await world.call('PUT', path, { body: first, headers: as('control') });
      await world.call('PUT', path, { body: second, headers: as('control') });
      await world.call('DELETE', path, { headers: as('admin') });
    });
    assert.deepEqual(
      entries.map(({ who, scope, method, path: at, result, status, before, after }) => [
        who,
        scope,
        method,
        at,
        result,
        status,
        before,
        after,
      ]),
      [
        ['control-user', 'control', 'PUT', path, 'done', 201, null, first],
        ['control-user', 'control', 'PUT', path, 'done', 200, first, second],
        ['admin-user', 'admin', 'DELETE', path, 'done', 204, second, null],
      ],
    );
    assert.ok(entries.every(({ address, at }) => address === '127.0.0.1' && !Number.isNaN(Date.parse(at))));
  });

  it('lists changes by sockets, and attempts that were refused; not what is read, written as events, or sent without a key', async () => {
    await world.redis.hset(keys.replays, 'r', JSON.stringify({ id: 'r', channels: [], state: 'playing' }));
    const entries = await entriesOf(4, async () => {
      const reader = await world.client({ token: secret('read') });
      await reader.ask('replay', { id: 'r', state: 'paused' });
      await world.call('DELETE', '/api/v1/recordings/none.csv', { headers: as('control') });
      await world.call('PUT', '/api/v1/system', { body: { services: 1 }, headers: as('admin') });
      await world.post('/deadletters/redrive', {}, as('control'));
      await world.post('/channels/gps/events', { latitude: 1, longitude: 2 }, as('control'));
      await world.get('/channels', as('read'));
      await world.call('DELETE', '/api/v1/services/mine', { headers: { 'x-api-key': 'a wrong key' } });
      await world.call('DELETE', '/api/v1/services/mine');
    });
    assert.deepEqual(
      entries.map(({ who, method, path, result, status, code }) => [who, method, path, result, status, code]),
      [
        ['read-user', 'SOCKET', '/replays/r', 'refused', 403, 'scope_missing'],
        ['control-user', 'DELETE', '/api/v1/recordings/none.csv', 'refused', 403, 'scope_missing'],
        ['admin-user', 'PUT', '/api/v1/system', 'refused', 422, 'request_invalid'],
        ['control-user', 'POST', '/api/v1/deadletters/redrive', 'done', 200, undefined],
      ],
    );
  });

  it('holds no secrets, and bounded values', async () => {
    const define = (name: string, answer: unknown) =>
      world.call('PUT', '/api/v1/system', {
        body: { endpoints: [{ method: 'GET', path: `/${name}`, action: 'respond', answer }] },
        headers: as('admin'),
      });
    const entries = await entriesOf(3, async () => {
      await define('one', { password: 'hunter2', nested: [{ apiKey: { deep: 'hunter3' } }] });
      await define('two', 'y'.repeat(50_000));
      await world.call('PUT', '/api/v1/services/x?api_key=hunter4', { body: {}, headers: as('admin') });
    });
    const text = JSON.stringify(entries);
    assert.ok(!/hunter|key-of-many/.test(text), text.slice(0, 500));
    assert.ok(text.length < 30_000, `${text.length}`);
  });

  it('is listed page by page, by time, by key and by result, to admins alone', async () => {
    const { items } = await list('?limit=1000');
    const ids: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list(`?limit=3${cursor && `&cursor=${cursor}`}`);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    }
    assert.deepEqual(
      ids,
      items.map(({ id }) => id),
    );
    const by = async (query: string) => (await list(`?limit=1000&${query}`)).items;
    assert.deepEqual(
      await by('who=control-user'),
      items.filter(({ who }) => who === 'control-user'),
    );
    assert.deepEqual(
      await by('result=refused'),
      items.filter(({ result }) => result === 'refused'),
    );
    const middle = new Date(parseInt(items[4]!.id, 10)).toISOString();
    const msOf = ({ id }: AuditEntry) => parseInt(id, 10);
    assert.deepEqual(
      await by(`since=${middle}`),
      items.filter((each) => msOf(each) >= Date.parse(middle)),
    );
    assert.deepEqual(
      await by(`until=${middle}`),
      items.filter((each) => msOf(each) <= Date.parse(middle)),
    );
    assert.equal((await world.get('/audit', as('control'))).status, 403);
  });
});
