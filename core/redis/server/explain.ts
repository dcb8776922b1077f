import { failure, type RepriseError } from '../../problems/errors.ts';
import { addressOf, shownUrl, withoutPassword, type RedisAddress } from './place.ts';
import { isRedisAnswer, probe } from './probe.ts';

const START = 'Start that Redis, or set REDIS_URL to another; without REDIS_URL, `npm start` brings its own.';
const CREDENTIALS = 'Put them into REDIS_URL: redis://user:password@host:6379.';

/** Why no connection came about, by the code of the error. */
const UNREACHABLE: { [code: string]: [why: string, hint: string] } = {
  ENOTFOUND: [
    'the name of the host is unknown',
    'Correct the host in REDIS_URL, or make the name known to DNS.',
  ],
  EAI_AGAIN: ['the name of the host could not be looked up', 'Check the host in REDIS_URL, and DNS.'],
  ECONNREFUSED: ['nothing listens there', START],
  EHOSTUNREACH: ['there is no way to the host', 'Check the host in REDIS_URL, the network and firewalls.'],
  ENETUNREACH: ['there is no way to the network', 'Check the host in REDIS_URL, the network and firewalls.'],
};

/** What is wrong with a certificate, by the code of the error. */
const CERTIFICATES: { [code: string]: string } = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'comes from an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT: 'comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'comes from an authority that this machine does not know',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'is for another name',
};

/**
 * Why a connection to Redis could not be made: one sentence, and what to do. It asks the server once more, because the error
 * alone often does not tell.
 * @param before earlier errors of the connection
 */
export async function explained(url: string, cause: unknown, before: string): Promise<RepriseError> {
  const address = addressOf(url);
  const said = `${before} ${(cause as Error).message}`;
  return refusedUser(url, address, said, cause) ?? (await unreachable(url, address, cause));
}

function refusedUser(
  url: string,
  { user, password }: RedisAddress,
  said: string,
  cause: unknown,
): RepriseError | null {
  const at = `The Redis at ${shownUrl(url)}`;
  const refused = (what: string, hint: string) => failure('redis_refused', `${at} ${what}.`, { hint, cause });
  if (/NOAUTH/.test(said) && password === null)
    return refused('needs a password, and REDIS_URL has none', CREDENTIALS);
  if (/WRONGPASS|invalid password|NOAUTH/.test(said)) {
    if (user === null || user === 'default') return refused('refuses the password', CREDENTIALS);
    return refused(
      `refuses the user "${user}"${password === null ? ', without a password' : ''}`,
      `Either there is no such user, or it is switched off, or its password is another one. ${CREDENTIALS}`,
    );
  }
  if (/DENIED Redis is running in protected mode/.test(said))
    return refused(
      'is in protected mode: without a password, it serves its own machine alone',
      'Give it a password (requirepass or an access list), and put that into REDIS_URL.',
    );
  if (/max number of clients/.test(said))
    return refused(
      'has as many clients as it may have',
      'Raise maxclients of that Redis, or end other clients (CLIENT LIST shows them).',
    );
  return null;
}

async function unreachable(url: string, address: RedisAddress, cause: unknown): Promise<RepriseError> {
  const none = (why: string, hint = START) =>
    failure('redis_unreachable', `No Redis answers at ${shownUrl(url)}: ${why}.`, { hint, cause });
  const tls = (what: string, hint: string) =>
    failure('redis_tls', `The Redis at ${shownUrl(url)} ${what}.`, { hint, cause });
  const { error, isOpen, answer } = await probe(address, address);
  if (address.isTls) {
    const fault = CERTIFICATES[error ?? ''];
    if (fault)
      return tls(
        `has a certificate that ${fault}`,
        error === 'ERR_TLS_CERT_ALTNAME_INVALID'
          ? 'Write REDIS_URL with a name that is in the certificate.'
          : 'Name the certificate of its authority in NODE_EXTRA_CA_CERTS, or renew the certificate.',
      );
    if (!isOpen && !UNREACHABLE[error ?? '']) {
      const plain = await probe(address, { isTls: false });
      if (isRedisAnswer(plain.answer))
        return tls('does not speak TLS', 'Write REDIS_URL with redis:// instead of rediss://.');
      if (plain.answer !== '') return notRedis(url, plain.answer, cause);
    }
  } else if (isOpen && answer === '') {
    const secret = await probe(address, { isTls: true, isTrusting: true });
    if (secret.isOpen) return tls('speaks TLS only', 'Write REDIS_URL with rediss:// instead of redis://.');
  }
  const known = UNREACHABLE[error ?? ''];
  if (known) return none(...known);
  if (isRedisAnswer(answer)) {
    const refused = refusedUser(url, address, answer, cause);
    if (refused) return refused;
    return none(
      `it said "${withoutPassword((cause as Error).message, url).replace(/\.$/, '')}"`,
      'Look at the log of that Redis.',
    );
  }
  if (answer !== '') return notRedis(url, answer, cause);
  if (isOpen)
    return none('something listens there, and does not answer', 'Check host and port in REDIS_URL.');
  return none(error === null ? 'the connection took too long' : `the connection failed (${error})`);
}

function notRedis(url: string, answer: string, cause: unknown): RepriseError {
  const what = /^HTTP\//.test(answer) ? 'a web server' : 'another program';
  return failure('redis_unreachable', `At ${shownUrl(url)} answers ${what}, not a Redis.`, {
    hint: 'Correct host and port in REDIS_URL.',
    cause,
  });
}
