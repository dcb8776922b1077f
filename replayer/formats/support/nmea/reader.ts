import { isoTime } from '../../../../core/wire/event.ts';
import { AisAssembly, type IncompleteMessage, type WholeMessage } from '../ais/assembly.ts';
import { decodeAis } from '../ais/messages.ts';
import { badRow, skippedRow, type Row } from '../format.ts';
import { objectOf } from '../json-text.ts';
import { fixMs, type Fix } from './fix.ts';
import { FixMerger } from './fixes.ts';
import { tellsOfFix, told } from './position-sentences.ts';
import { sentencesOf, type BadSentence, type Sentence } from './sentence.ts';

/** The channel of rows that describe a ship and hold no position. */
const SHIPS = 'ships';
/** Sentences without a checksum that a file may begin with until it is clear whether its other sentences have one. */
const UNCHECKED_MAX = 20;

interface Placed {
  line: number;
  sentence: Sentence;
  /** The time of the fix before it, ISO 8601. */
  fixTime: string | undefined;
}

/** Turns the lines of one file into rows. */
export class NmeaReader {
  readonly #rename: ReadonlyMap<string, string>;
  readonly #fixes = new FixMerger();
  readonly #ais = new AisAssembly<Placed>();
  /** Whether the sentences have checksums; null until that is clear. */
  #hasChecksums: boolean | null = null;
  /** Sentences without a checksum that wait until that is clear. */
  #unchecked: { line: number; sentence: Sentence }[] = [];

  constructor(rename: ReadonlyMap<string, string>) {
    this.#rename = rename;
  }

  /** The rows that a line completes. Blank lines and lines that begin with # are passed over. */
  read(line: number, text: string): Row[] {
    if (/^\s*(?:#.*)?$/.test(text)) return [];
    return sentencesOf(text).flatMap((each) =>
      'talker' in each ? this.#sorted(line, each) : this.#bad(line, each),
    );
  }

  /** The rows that are complete at the end of the file. */
  end(): Row[] {
    const rows = this.#hasChecksums
      ? []
      : this.#unchecked.splice(0).flatMap((each) => this.#take(each.line, each.sentence));
    return [
      ...rows,
      ...this.#fixes.end().flatMap((fix) => this.#fixRow(fix)),
      ...this.#ais.end().map(incompleteRow),
    ];
  }

  /** A sentence without a checksum is damaged where the others of the file have one. */
  #sorted(line: number, sentence: Sentence): Row[] {
    if (sentence.hasChecksum && this.#hasChecksums === null) {
      this.#hasChecksums = true;
      const damaged = this.#unchecked.splice(0).map((each) => uncheckedRow(each.line, each.sentence));
      return [...damaged, ...this.#take(line, sentence)];
    }
    if (sentence.hasChecksum || this.#hasChecksums === false) return this.#take(line, sentence);
    if (this.#hasChecksums) return [uncheckedRow(line, sentence), ...this.#drop(sentence)];
    this.#unchecked.push({ line, sentence });
    if (this.#unchecked.length < UNCHECKED_MAX) return [];
    this.#hasChecksums = false;
    return this.#unchecked.splice(0).flatMap((each) => this.#take(each.line, each.sentence));
  }

  #bad(line: number, bad: BadSentence): Row[] {
    return [badRow(line, bad.problem, bad.text), ...this.#drop(bad)];
  }

  #drop({ start, fields }: Pick<BadSentence, 'start' | 'fields'>): Row[] {
    return start === '!' ? this.#ais.drop(fields).map(incompleteRow) : [];
  }

  #take(line: number, sentence: Sentence): Row[] {
    const { talker, type, fields, text } = sentence;
    if (sentence.start === '!') {
      if (type !== 'VDM' && type !== 'VDO') return [skippedRow(line, `a sentence ${talker}${type}`)];
      if (fields[0] === '1' && fields[4] === '')
        return [skippedRow(line, 'an AIS sentence without a message')];
      const { nowMs } = this.#fixes;
      const fixTime = Number.isNaN(nowMs) ? undefined : isoTime(nowMs);
      const results = this.#ais.push({ origin: { line, sentence, fixTime }, fields });
      if (typeof results === 'string') return [badRow(line, results, text)];
      return results.map((result) => ('bits' in result ? this.#aisRow(result) : incompleteRow(result)));
    }
    if (!tellsOfFix(type)) return [skippedRow(line, `a sentence ${talker === 'P' ? type : talker + type}`)];
    const found = told(sentence);
    if (typeof found === 'string') return [badRow(line, found, text)];
    return this.#fixes.push(line, sentence, found).flatMap((fix) => this.#fixRow(fix));
  }

  /** The row of a fix; none where its sentences tell other things than a position. */
  #fixRow(fix: Fix): Row[] {
    if (!fix.isPosition) return [];
    if (!fix.position) return [skippedRow(fix.line, 'a fix without a position: the receiver had none')];
    const ms = fixMs(fix);
    const time = Number.isNaN(ms) ? fix.received : isoTime(ms);
    const members: [string, string][] = [
      ...(time === undefined ? [] : [['time', JSON.stringify(time)] as [string, string]]),
      ...(time === undefined && !Number.isNaN(fix.clockMs)
        ? [['time_of_day', JSON.stringify(isoTime(fix.clockMs).slice(11, -1))] as [string, string]]
        : []),
      ['latitude', fix.position.latitude],
      ['longitude', fix.position.longitude],
      ...fix.members,
      ...(fix.unchecked ? [['unchecked', 'true'] as [string, string]] : []),
    ];
    return [{ line: fix.line, ...objectOf(members, this.#rename) }];
  }

  #aisRow({ bits, origins }: WholeMessage<Placed>): Row {
    const { line, sentence, fixTime } = origins[0]!;
    const message = decodeAis(bits);
    if (typeof message === 'string') return badRow(line, message, textOf(origins));
    const { type, mmsi, isStatic } = message;
    if (message.members.length === 0) return skippedRow(line, `AIS message ${type}`);
    const names = new Set(message.members.map(([member]) => member));
    if (!isStatic && !(names.has('latitude') && names.has('longitude')))
      return skippedRow(line, `AIS message ${type} without a position: the sender has none`);
    const received = origins.find((each) => each.sentence.received !== undefined)?.sentence.received;
    const time = received ?? fixTime;
    const members: [string, string][] = [
      ...(time === undefined ? [] : [['time', JSON.stringify(time)] as [string, string]]),
      ['mmsi', JSON.stringify(mmsi)],
      ['message_type', String(type)],
      ...message.members,
      ...(sentence.type === 'VDO' ? [['own_ship', 'true'] as [string, string]] : []),
      ...(sentence.station === undefined
        ? []
        : [['station', JSON.stringify(sentence.station)] as [string, string]]),
      ...(sentence.hasChecksum ? [] : [['unchecked', 'true'] as [string, string]]),
    ];
    return { line, ...objectOf(members, this.#rename), subject: mmsi, ...(isStatic && { channel: SHIPS }) };
  }
}

const uncheckedRow = (line: number, { text }: Sentence) =>
  badRow(line, 'The sentence has no checksum, and others of the file have one.', text);

const incompleteRow = ({ problem, origins }: IncompleteMessage<Placed>) =>
  badRow(origins[0]!.line, problem, textOf(origins));

const textOf = (origins: Placed[]) => origins.map(({ sentence }) => sentence.text).join('\n');
