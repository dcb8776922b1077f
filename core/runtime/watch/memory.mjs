/**
 * The memory that the thread of a process shares with the thread that watches it: what is being done in one go, and signs
 * of life. Plain JavaScript, because both threads import it.
 */

/** The places of the whole numbers. */
export const WORDS = {
  /** Rises whenever something begins. */
  begun: 0,
  /** The number of the part that works; 0: none that is watched. */
  owner: 1,
  /** Which of its activities. */
  activity: 2,
  /** Rises whenever the event loop turns. */
  turns: 3,
  /** 1 while a debugger is attached: it may stop the thread as long as it likes. */
  debugged: 4,
};

/** How many numbers describe an activity, such as the epoch and the offset of an event. */
const NUMBERS = 4;

/** @typedef {{ words: Int32Array, numbers: Float64Array }} WatchMemory */

/** @returns {WatchMemory} */
export function watchMemory() {
  return {
    words: new Int32Array(new SharedArrayBuffer(Object.keys(WORDS).length * 4)),
    numbers: new Float64Array(new SharedArrayBuffer(NUMBERS * 8)),
  };
}
