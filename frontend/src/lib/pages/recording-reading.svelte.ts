import type {
  Problem,
  ReadingDecision,
  RecordingOptions,
  RecordingPreview,
} from '../../../../schemas/types.ts';
import { problemOf } from '../live/api.ts';
import { pagesApi } from './api.ts';

/** The options of a recording without its id. */
export type ReadOptions = Omit<RecordingOptions, 'id'>;

/** How an option is set: a text, a number, one of some values, or a list with commas. */
export type OptionKind = 'text' | 'number' | 'list' | 'column' | readonly string[];

/** The options that a user can set beside the decision that they change. */
const OPTION_KINDS: { [option: string]: OptionKind } = {
  format: 'text',
  encoding: 'text',
  delimiter: 'text',
  header: ['true', 'false'],
  skipLines: 'number',
  unitsRow: ['true', 'false'],
  columns: 'list',
  comment: 'text',
  decimal: ['.', ','],
  rows: 'list',
  channel: 'text',
  time: 'column',
  timeFormat: 'text',
  tz: 'text',
  subject: 'column',
};

/** One decision about a recording, and how a user can change it. */
export interface DecisionRow {
  name: string;
  decision: ReadingDecision;
  /** null: no option changes it. */
  option: { name: string; kind: OptionKind } | null;
}

/** How a recording is read: the decisions, the options that a user sets, and the first records that follow from both. */
export class RecordingReading {
  readonly id: string;
  /** The options as they are written in the form; an absent one is inferred. */
  given = $state.raw<Readonly<Record<string, string>>>({});
  preview = $state.raw<RecordingPreview>();
  /** Why the recording can't be read with these options. */
  problem = $state.raw<Problem>();
  busy = $state(false);
  /** The decisions, guesses first. They stay while a new preview is loaded. */
  readonly decisions = $derived.by(() => decisionRows(this.preview));
  readonly guesses = $derived(
    this.decisions.filter(({ decision: { certainty } }) => certainty === 'guess').length,
  );
  /** Names of the members of the first records. */
  readonly columns = $derived([
    ...new Set((this.preview?.records ?? []).flatMap(({ data }) => Object.keys(data))),
  ]);
  #request = new AbortController();

  constructor(id: string) {
    this.id = id;
  }

  /** The options as the API takes them. */
  get options(): ReadOptions {
    return Object.fromEntries(
      Object.entries(this.given).map(([name, text]) => [name, valueOf(text, OPTION_KINDS[name])]),
    );
  }

  /** Sets an option, or leaves it to inference again where the text is empty, and reads anew. */
  set(option: string, text: string): Promise<void> {
    const others = Object.fromEntries(Object.entries(this.given).filter(([name]) => name !== option));
    this.given = text === '' ? others : { ...others, [option]: text };
    return this.load();
  }

  /** Reads the beginning of the recording with the options. A later call makes an earlier one void. */
  async load(): Promise<void> {
    this.#request.abort();
    const { signal } = (this.#request = new AbortController());
    this.busy = true;
    try {
      this.preview = await pagesApi.previewRecording(this.id, this.options, signal);
      this.problem = undefined;
    } catch (error) {
      if (!signal.aborted) this.problem = problemOf(error);
    } finally {
      if (!signal.aborted) this.busy = false;
    }
  }

  close(): void {
    this.#request.abort();
  }
}

function decisionRows(preview: RecordingPreview | undefined): DecisionRow[] {
  const rows = Object.entries(preview?.inferred ?? {}).map(([name, decision]): DecisionRow => {
    const kind = decision.option === undefined ? undefined : OPTION_KINDS[decision.option];
    return { name, decision, option: kind === undefined ? null : { name: decision.option!, kind } };
  });
  const tells = ({ decision: { value, certainty }, option }: DecisionRow): boolean =>
    option !== null || certainty === 'guess' || (value !== null && value !== '');
  const isGuess = ({ decision }: DecisionRow): number => (decision.certainty === 'guess' ? 0 : 1);
  return rows.filter(tells).sort((a, b) => isGuess(a) - isGuess(b));
}

function valueOf(text: string, kind: OptionKind | undefined): string | number | boolean | string[] {
  if (kind === 'number') return Number(text);
  if (kind === 'list') return text.split(',').map((item) => item.trim());
  if (text === 'true' || text === 'false') return text === 'true';
  return text === '\\t' || text === 'tab' ? '\t' : text;
}
