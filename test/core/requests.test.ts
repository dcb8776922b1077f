import assert from 'node:assert/strict';
import { failure, ownRefusal, refusal, RepriseError } from '../../core/problems/errors.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { Requester, Responder } from '../../core/redis/requests.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

describe('requests between processes', () => {
  let server: TestRedis;
  let redis: Redis;
  let responder: Responder;
  let requester: Requester;
  const thrown = new Map<string, Error>([
    [
      'refusal',
      refusal('column_unknown', 'No column "x".', {
        hint: 'There are a and b.',
        errors: [{ pointer: '#/time', detail: 'is not known' }],
      }),
    ],
    ['failure', failure('snapshot_failed', 'The disk is full.')],
    ['own', ownRefusal('no_such_word', 410, 'It was there once.')],
    ['bug', new TypeError('x is not a function')],
  ]);
  before(async () => {
    server = await startRedis();
    redis = await connect(server.url, 'test');
    responder = new Responder(redis, ['worker'], {
      fail: ({ how }: { how: string }) => Promise.reject(thrown.get(how)!),
    });
    requester = new Requester(redis);
  });
  after(async () => {
    requester.close();
    responder.close();
    redis.disconnect();
    await server.stop();
  });

  const answerTo = async (how: string): Promise<RepriseError> => {
    const error: unknown = await requester.ask('worker', 'fail', { how }).catch((cause: unknown) => cause);
    assert.ok(error instanceof RepriseError);
    return error;
  };

  it('answer a refusal and a failure with code, status, hint and places', async () => {
    for (const how of ['refusal', 'failure', 'own']) {
      const { kind, code, status, message, hint, errors } = thrown.get(how) as RepriseError;
      const answer = await answerTo(how);
      assert.deepEqual(
        [answer.kind, answer.code, answer.status, answer.message, answer.hint, answer.errors],
        [kind, code, status, message, hint, errors],
      );
    }
  });

  it('point to the place for other codes where the code is not one of the table', async () => {
    assert.equal((await answerTo('refusal')).toProblem().type, '/docs/problems#column_unknown');
    const { type, title, status } = (await answerTo('own')).toProblem();
    assert.deepEqual([type, title, status], ['/docs/problems#other', 'No such word', 410]);
  });

  it('answer a bug as one, so that who asked tells it to the log and not to the caller', async () => {
    const { kind, code, status, message } = await answerTo('bug');
    assert.deepEqual([kind, code, status, message], ['invariant', 'unexpected', 500, 'x is not a function']);
  });

  it('take the status of the table, whatever another release says', () => {
    const { type, title } = refusal('body_missing', '').toProblem();
    const old = { type, title, code: 'body_missing', status: 422, detail: 'The form has no file.' };
    assert.equal(RepriseError.fromProblem(old).status, 400);
  });

  it('say that nobody answers', async () => {
    const error: unknown = await requester.ask('nobody', 'fail', {}, 50).catch((cause: unknown) => cause);
    assert.ok(error instanceof RepriseError);
    assert.deepEqual([error.kind, error.code, error.status], ['failure', 'no_answer', 503]);
  });
});
