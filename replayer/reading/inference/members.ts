import type { Data } from '../../../core/wire/event.ts';
import { certain, guess, likely, type Decision } from '../../formats/support/decision.ts';
import {
  findCoordinates,
  unreadCoordinates,
  type CoordinateSource,
  type CoordinateSources,
} from './coordinates.ts';
import type { LiftedMember } from './lifted-members.ts';
import { findMeasures } from './measures.ts';
import { normalName } from './member-names.ts';
import { columnsOf } from './member-path.ts';
import { findAuthor, findText } from './posts.ts';

/** Members of the built-in channels that a column may spell in another way. */
const MEMBERS: { [channel: string]: string[] } = {
  gps: ['latitude', 'longitude', 'elevation', 'speed_meters_per_second', 'bearing', 'accuracy'],
  posts: ['text', 'lang', 'user'],
};
const LANGUAGES = ['lang', 'language'];

/** Where the members of the built-in channels are in the rows. */
export interface MemberPlan {
  coordinates: Decision<string | null>;
  hasCoordinates: boolean;
  /** The path of the text of posts; undefined: there is none. */
  text: string | undefined;
  /** Which columns get another name on a channel, and which members are lifted. */
  of(channel: string): {
    rename: Decision<ReadonlyMap<string, string>>;
    lifted: Decision<readonly LiftedMember[]>;
  };
}

/** Finds the members that channels need: coordinates, the text of posts, and what is spelled or nested in another way. */
export function placeMembers(
  sample: readonly Data[],
  paths: readonly string[],
  given: { latitude?: string; longitude?: string; channel?: string; rename?: ReadonlyMap<string, string> },
): MemberPlan {
  const givenNames = new Set(given.rename?.values());
  const columns = columnsOf(sample);
  const isTaken = (member: string) => columns.has(member) || givenNames.has(member);
  const isFix = ['latitude', 'longitude'].every((member) => isTaken(member) && !isNested(sample, member));
  const found = findCoordinates(sample, paths, given);
  const text = givenNames.has('text') ? 'text' : findText(sample, paths, given.channel === 'posts');
  return {
    coordinates: found
      ? shownCoordinates(found)
      : isFix
        ? certain('latitude, longitude', 'the members are named so')
        : noCoordinates(sample, paths),
    hasCoordinates: found !== null || isFix,
    text,
    of(channel) {
      const plan = new Plan(given.rename, isTaken);
      if (found) plan.takeCoordinates(found.value);
      for (const member of MEMBERS[channel] ?? []) plan.takeSpelling(member, columns);
      if (channel === 'gps') plan.takeMeasures(sample, paths);
      if (channel === 'posts') plan.takePost(sample, paths, text);
      return plan.decisions();
    },
  };
}

/** The decision that there are no coordinates; a guess where columns are named like them. */
function noCoordinates(sample: readonly Data[], paths: readonly string[]): Decision<null> {
  const unread = unreadCoordinates(sample, paths);
  return unread === null ? likely(null, 'no members hold coordinates') : guess(null, unread);
}

/** Collects names and lifts, each member once. */
class Plan {
  readonly #rename: Map<string, string>;
  readonly #lifts: LiftedMember[] = [];
  readonly #because: string[] = [];
  readonly #isTakenInRows: (member: string) => boolean;
  #unknown: string[] = [];

  constructor(rename: ReadonlyMap<string, string> | undefined, isTaken: (member: string) => boolean) {
    this.#rename = new Map(rename);
    this.#isTakenInRows = isTaken;
  }

  takeCoordinates({ latitude, longitude }: CoordinateSources): void {
    this.#take('latitude', latitude);
    this.#take('longitude', longitude);
  }

  /** Renames a column that spells a member in another way, such as `Elevation` or `Bearing (deg)`. */
  takeSpelling(member: string, columns: ReadonlySet<string>): void {
    if (this.#isTaken(member)) return;
    const column = [...columns].find((candidate) => {
      const { name, unit } = normalName(candidate);
      return unit === null && (name === member || (member === 'lang' && LANGUAGES.includes(name)));
    });
    if (column !== undefined && !this.#rename.has(column)) this.#rename.set(column, member);
  }

  takeMeasures(sample: readonly Data[], paths: readonly string[]): void {
    const { lifts, because, unknown } = findMeasures(sample, paths, (member) => this.#isTaken(member));
    this.#lifts.push(...lifts);
    this.#because.push(...because);
    this.#unknown = unknown;
  }

  takePost(sample: readonly Data[], paths: readonly string[], text: string | undefined): void {
    if (text !== undefined && !this.#rename.has(text)) this.#take('text', { path: text });
    const author = findAuthor(sample, paths);
    if (author && ![...this.#rename.values()].includes('user')) this.#lifts.push(author);
  }

  decisions(): ReturnType<MemberPlan['of']> {
    const renames = [...this.#rename].map(([from, to]) => `${from} is ${to}`);
    const lifts = this.#lifts.map(liftText);
    const lifted =
      this.#unknown.length > 0
        ? guess(
            this.#lifts,
            `the unit of ${this.#unknown.join(' and ')} is not known, so it is left as it is`,
          )
        : likely(
            this.#lifts,
            [...this.#because, ...lifts].join(', ') || 'nothing is nested or in another unit',
          );
    return { rename: likely(this.#rename, renames.join(', ') || 'nothing to rename'), lifted };
  }

  #take(member: string, source: CoordinateSource): void {
    const { path } = source;
    if (path === member) return;
    const isPlain = source.take === undefined && source.factor === undefined && !path.includes('.');
    if (isPlain && !this.#isTaken(member)) this.#rename.set(path, member);
    else this.#lifts.push({ member, ...source });
  }

  #isTaken(member: string): boolean {
    return (
      this.#isTakenInRows(member) ||
      [...this.#rename.values()].includes(member) ||
      this.#lifts.some((lift) => lift.member === member)
    );
  }
}

/** A lifted member in words, for instance `latitude=loc.coordinates.1`. */
function liftText({ member, path, take, factor }: LiftedMember): string {
  const part = take === undefined ? '' : ` (${take})`;
  return `${member}=${path}${part}${factor === undefined ? '' : ` * ${Number(factor.toPrecision(6))}`}`;
}

function shownCoordinates({ value, instead, ...rest }: Decision<CoordinateSources>): Decision<string> {
  return {
    value: pathsText(value),
    ...rest,
    ...(instead && {
      instead: { value: pathsText(instead.value), because: instead.because },
    }),
  };
}

function pathsText({ latitude, longitude }: CoordinateSources): string {
  return latitude.path === longitude.path ? latitude.path : `${latitude.path}, ${longitude.path}`;
}

function isNested(sample: readonly Data[], member: string): boolean {
  return sample.some((row) => typeof row[member] === 'object' && row[member] !== null);
}
