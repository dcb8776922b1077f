/**
 * The thread that watches the thread of its process; see loop-watch.ts. Plain JavaScript, so that it starts fast and stays
 * small: it loads a Redis client only when there is something to count.
 */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { WORDS } from './memory.mjs';

/** @typedef {import('./loop-watch.ts').Watched} Watched */

/** @type {import('./loop-watch.ts').LoopWatchOptions & import('./memory.mjs').WatchMemory} */
const { role, redisUrl, stallLimitMs, eventBudgetMs, pulse, words, numbers } = workerData;

/** How often it looks: five times within the shortest limit, and at least five times a second. */
const LOOK_MS = Math.max(10, Math.min(1_000, stallLimitMs || Infinity, eventBudgetMs || Infinity) / 5);
/** A look that comes this much later than it should: the whole process did not run, so nobody is to blame. */
const LATE_LOOKS = 2;
/** How long Redis may take to count. If it is away, the work is done once more than it should. */
const COUNT_LIMIT_MS = 2_000;
const STDERR = 2;

/** @type {Map<number, Watched>} */
const owners = new Map();
parentPort?.on('message', (/** @type {{ owner: number, watched: Watched | null }} */ { owner, watched }) => {
  if (watched) owners.set(owner, watched);
  else owners.delete(owner);
});

let lookedMs = performance.now();
/** `begun` and `turns` at the last look. */
let seen = [0, 0];
/** How long neither has changed. */
let stillMs = 0;
let isEnding = false;

setInterval(() => {
  if (pulse !== null) write(pulse, '.');
  const nowMs = performance.now();
  const passedMs = Math.min(nowMs - lookedMs, LATE_LOOKS * LOOK_MS);
  lookedMs = nowMs;
  const now = [Atomics.load(words, WORDS.begun), Atomics.load(words, WORDS.turns)];
  const isStill = now[0] === seen[0] && now[1] === seen[1] && Atomics.load(words, WORDS.debugged) === 0;
  seen = now;
  stillMs = isStill ? stillMs + passedMs : 0;
  if (!isEnding) judge();
}, LOOK_MS);

function judge() {
  const watched = owners.get(Atomics.load(words, WORDS.owner));
  if (watched) {
    if (watched.limitMs > 0 && stillMs >= watched.limitMs) void accuse(watched);
  } else if (stallLimitMs > 0 && stillMs >= stallLimitMs) {
    end(role, 'loop_stuck', `The event loop of the ${role} process has stood still for ${seconds(stillMs)}.`);
  }
}

/** @param {Watched} watched */
async function accuse({ name, client, key, activities, consequences }) {
  isEnding = true;
  const at = Atomics.load(words, WORDS.begun);
  const activity = /** @type {import('./loop-watch.ts').Activity} */ (activities[words[WORDS.activity] ?? 0]);
  const filled = (/** @type {string} */ text) => text.replace(/\$(\d)/g, (_, index) => `${numbers[index]}`);
  const field = filled(activity.field);
  const text = filled(activity.text);
  const ms = stillMs;
  const count = await counted(client, key, field);
  isEnding = false;
  // It has come to its end meanwhile.
  if (Atomics.load(words, WORDS.begun) !== at || stillMs < ms) return;
  const consequence = count === null ? 'Redis could not be told.' : consequences[count > 1 ? 1 : 0];
  end(name, 'event_stuck', `${text} for ${seconds(stillMs)}. ${consequence}`);
}

/**
 * Counts that this work stood still. Answers how often it has by now; null if Redis is away.
 * @param {string} client
 * @param {string} key
 * @param {string} field
 * @returns {Promise<number | null>}
 */
async function counted(client, key, field) {
  const { Redis } = await import('ioredis');
  const redis = new Redis(redisUrl, {
    connectionName: client,
    lazyConnect: true,
    maxRetriesPerRequest: null,
  });
  redis.on('error', () => {});
  const late = new Promise((resolve) => setTimeout(resolve, COUNT_LIMIT_MS, null));
  const count = redis.hincrby(key, field, 1).catch(() => null);
  try {
    return await /** @type {Promise<number | null>} */ (Promise.race([count, late]));
  } finally {
    redis.disconnect();
  }
}

/**
 * Ends the process, with a line of its log that says why.
 * @param {string} service
 * @param {string} code
 * @param {string} message
 */
function end(service, code, message) {
  const line = {
    level: 'critical',
    time: new Date().toISOString(),
    kind: 'system',
    service,
    role,
    pid: process.pid,
    code,
  };
  write(
    STDERR,
    `${JSON.stringify({ ...line, message: `${message} The process ends, and is to be started again.` })}\n`,
  );
  process.kill(process.pid, 'SIGKILL');
}

/**
 * @param {number} fd
 * @param {string} text
 */
function write(fd, text) {
  try {
    writeSync(fd, text);
  } catch {
    // Nobody reads it.
  }
}

/** @param {number} ms */
function seconds(ms) {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
