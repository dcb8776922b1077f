import { lineRows } from './support/lines.ts';
import { type Format, type FormatOptions } from './support/format.ts';
import { NmeaReader } from './support/nmea/reader.ts';
import { sentencesOf } from './support/nmea/sentence.ts';

/** Lines of a file's beginning that are looked at. */
const LOOK_LINES = 40;

/**
 * NMEA 0183 (IEC 61162-1): positions from GPS receivers, and AIS messages (AIVDM and AIVDO) of ships, also mixed, with tag
 * blocks or a logger's times before the sentences.
 *
 * A row is a fix, merged from the sentences of one moment, with the date from RMC or ZDA; or an AIS message, whose MMSI is
 * the subject. AIS messages name no date: their time is that of the tag block, of the logger, or of the fix before them.
 * What ships say of themselves without a position (AIS 5 and 24) is on the channel `ships`.
 */
export default {
  name: 'nmea',
  endings: ['.nmea', '.nma', '.ais', '.txt', '.log'],
  looksLike(head) {
    const looked = head.split('\n', LOOK_LINES).filter((line) => !/^\s*(?:#.*)?$/.test(line));
    const found = looked.filter((line) => sentencesOf(line).some((each) => 'talker' in each));
    return found.length > 0 && found.length >= looked.length / 2;
  },
  async *rows(input, options: FormatOptions) {
    const reader = new NmeaReader(options.rename);
    yield* lineRows(input, (line, text) => reader.read(line, text));
    yield reader.end();
  },
} satisfies Format;
