import type { Fix } from './fix.ts';
import { FixDates } from './fix-dates.ts';
import type { Sentence } from './sentence.ts';
import type { Told } from './position-sentences.ts';

/** Another receiver is further away than this, in degrees. The same one rounds its position differently in each sentence. */
const APART_DEGREES = 0.0005;
/** Bounds the fixes of one moment, for a receiver whose clock stands still. */
const OPEN_MAX = 16;

/**
 * Merges the sentences of one fix: those of the same time of day. Sentences without a time (VTG, GSA, HDT) belong to the fix
 * before them. A second sentence of the same talker and type begins another fix, and so does another talker at another
 * place: two receivers in one file stay apart.
 */
export class FixMerger {
  #open: Fix[] = [];
  readonly #dates = new FixDates();

  /** Takes a sentence. @returns the fixes that are complete now */
  push(line: number, sentence: Sentence, told: Told): Fix[] {
    const { clockMs } = told;
    const done = clockMs === undefined ? [] : this.#close((fix) => fix.clockMs !== clockMs);
    const name = sentence.talker + sentence.type;
    const fits = (fix: Fix) =>
      !told.isPosition ||
      (!fix.names.has(name) && (fix.talkers.has(sentence.talker) || !areApart(fix, told)));
    let fix =
      this.#open.findLast((each) => each.talkers.has(sentence.talker) && fits(each)) ??
      this.#open.findLast(fits);
    if (!fix) {
      if (clockMs === undefined) done.push(...this.#close(() => true));
      else if (this.#open.length >= OPEN_MAX) done.push(...this.#close((each) => each === this.#open[0]));
      fix = newFix(line, sentence);
      this.#open.push(fix);
    }
    add(fix, sentence, told);
    return done;
  }

  /** The time of the latest fix, epoch ms; NaN where its day is not known yet. */
  get nowMs(): number {
    const fix = this.#open.findLast(({ clockMs }) => !Number.isNaN(clockMs));
    const dayMs = fix ? this.#dates.dayOf(fix) : null;
    return dayMs === null ? this.#dates.lastMs : dayMs + fix!.clockMs;
  }

  /** The last fixes, some without a day where no sentence named one. */
  end(): Fix[] {
    return [...this.#close(() => true), ...this.#dates.end()];
  }

  #close(isOver: (fix: Fix) => boolean): Fix[] {
    const closed = this.#open.filter(isOver);
    if (closed.length > 0) this.#open = this.#open.filter((fix) => !closed.includes(fix));
    return closed.flatMap((fix) => this.#dates.push(fix));
  }
}

function newFix(line: number, { text, received }: Sentence): Fix {
  return {
    line,
    text,
    talkers: new Set(),
    names: new Set(),
    clockMs: NaN,
    dayMs: null,
    position: undefined,
    isPosition: false,
    members: new Map(),
    received,
    unchecked: false,
  };
}

/** Adds what a sentence says. What an earlier one said stays, except that the finer position counts. */
function add(fix: Fix, sentence: Sentence, told: Told): void {
  fix.talkers.add(sentence.talker);
  fix.names.add(sentence.talker + sentence.type);
  fix.clockMs = told.clockMs ?? fix.clockMs;
  fix.dayMs = told.dayMs ?? fix.dayMs;
  fix.isPosition ||= told.isPosition;
  fix.unchecked ||= !sentence.hasChecksum;
  fix.received ??= sentence.received;
  if (told.position && told.position.decimals > (fix.position?.decimals ?? -1)) fix.position = told.position;
  for (const [member, value] of told.members) if (!fix.members.has(member)) fix.members.set(member, value);
}

function areApart({ position }: Fix, told: Told): boolean {
  if (!position || !told.position) return false;
  const apart = (name: 'latitude' | 'longitude') =>
    Math.abs(Number(position[name]) - Number(told.position![name])) > APART_DEGREES;
  return apart('latitude') || apart('longitude');
}
