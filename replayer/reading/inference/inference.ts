import type { Data } from '../../../core/wire/event.ts';
import { refusal } from '../../../core/problems/errors.ts';
import type { RecordingOptions } from '../../../schemas/types.ts';
import { certain, type Decision } from '../../formats/support/decision.ts';
import type { Layout } from '../../formats/support/format.ts';
import { channelOf } from './channel.ts';
import type { LiftedMember } from './lifted-members.ts';
import { placeMembers } from './members.ts';
import { columnsOf, memberReader, pathsOf } from './member-path.ts';
import type { SniffResult } from './sniff.ts';
import { ownSubject, subjectColumn } from './subject.ts';
import { decideTime } from './time-columns.ts';
import { timeValues } from './time-values.ts';
import { zoneOf } from './zone.ts';

/** How a recording is read: the value of every option, given or inferred, with the evidence for it. */
export interface Interpretation {
  channel: Decision<string>;
  /** The column of the time, or several joined by + (year+month+day+hour). */
  time: Decision<string>;
  timeFormat: Decision<string>;
  tz: Decision<string>;
  /** The column of the subject; null: the recording's name is the subject of all rows. */
  subject: Decision<string | null>;
  /** Where the coordinates are; null: there are none. */
  coordinates: Decision<string | null>;
  /** Columns that get another name: old -> new. */
  rename: Decision<ReadonlyMap<string, string>>;
  /** Members that a datum gets from values elsewhere in it, or in another unit. */
  lifted: Decision<readonly LiftedMember[]>;
  /** How the file is laid out, as far as its format leaves that open. */
  layout: Layout;
}

/** The value of `time` and `timeFormat` where rows know their time apart from their values. */
export const OWN_TIME = '(its own)';

/** What a user may say about a recording. */
export type GivenOptions = Omit<RecordingOptions, 'id' | 'offset'> & { rename?: ReadonlyMap<string, string> };

/**
 * Infers every option that was not given from a sample of a recording.
 * @throws refusal naming the columns that exist and the option to give
 */
export function interpret(
  file: string,
  found: Pick<SniffResult, 'sample'> & Partial<SniffResult>,
  given: GivenOptions,
): Interpretation {
  const { layout = {}, hasOwnTime = false, ownSubjects = [], format } = found;
  const { ownChannels = [], hasNamelessRows = true, areEvents = false } = found;
  const sample = [...found.sample, ...(found.spread ?? [])];
  const paths = pathsOf(sample);
  const hint = columnsHint(sample, layout.header?.value === false && !given.columns);
  refuseUnknown(file, given, sample, hint);

  // The data of events are final: their members have the names that they shall have.
  const members =
    areEvents && !given.latitude ? placeMembers([], [], given) : placeMembers(sample, paths, given);
  const channel = channelOf(file, {
    given: given.channel,
    own: hasNamelessRows ? [] : ownChannels,
    hasCoordinates: members.hasCoordinates,
    text: members.text,
  });
  const { rename, lifted } = members.of(channel.value);

  const ownTime = given.every !== undefined || (given.time === undefined && hasOwnTime);
  const every = given.every && `given: a row every ${given.every}, from 1970 on`;
  const own = certain(OWN_TIME, every ?? format?.ownTime ?? 'the rows know it');
  const { time, timeFormat } = ownTime
    ? { time: own, timeFormat: own }
    : decideTime(file, sample, paths, given, hint);
  return {
    channel,
    time,
    timeFormat,
    tz: zoneOf(
      given.tz,
      timeFormat.value,
      time.value.split('+'),
      ownTime ? [] : timeValues(sample, time.value, timeFormat.value),
    ),
    subject:
      ownSubjects.length > 0 && given.subject === undefined
        ? ownSubject(ownSubjects, areEvents ? 'events' : format?.name)
        : subjectColumn(sample, paths, given.subject, channel.value),
    coordinates: members.coordinates,
    rename,
    lifted,
    layout,
  };
}

function columnsHint(sample: readonly Data[], nameless: boolean): string {
  const columns = [...columnsOf(sample)];
  const listed = `The columns are: ${columns.join(', ').slice(0, 400) || 'none'}.`;
  return nameless ? `${listed} Name them with --columns a,b,c.` : listed;
}

function refuseUnknown(file: string, given: GivenOptions, sample: readonly Data[], hint: string): void {
  const exists = (column: string) => sample.some((row) => memberReader(column)(row) !== undefined);
  for (const option of ['time', 'subject', 'latitude', 'longitude'] as const) {
    const value = given[option];
    if (value === undefined || exists(value)) continue;
    const missing = option === 'time' ? value.split('+').find((column) => !exists(column)) : value;
    if (missing !== undefined)
      throw refusal('column_unknown', `${file} has no column "${missing}" (--${option}).`, { hint });
  }
}
