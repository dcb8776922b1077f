import type { WrittenRow } from './event-line.ts';

/** A file that is being written, row by row. */
export interface Sink {
  /**
   * Adds a row. Null where it was added; else why this file can't hold it, as a sentence. Then the row counts as refused.
   */
  add(row: WrittenRow): string | null;
  /** Waits until the file can take more. To be called every few thousand rows. */
  ready(): Promise<void>;
  /** Completes the file. */
  end(): Promise<void>;
}

/** What a sink is made of. */
export interface SinkPlan {
  path: string;
  /** Whether the text is gzipped. */
  packed: boolean;
  /** Whether rows are written as they are, because they speak for themselves; otherwise as events. */
  plain: boolean;
  /** A folder for temporary files. */
  folder: string;
}

/** Looks at all rows before the first is written, for a format whose head depends on them. */
export interface Survey {
  add(row: WrittenRow): void;
}

/** A format that `convert` writes. */
export interface OutputFormat {
  name: string;
  /** The ends of file names, without `.gz`. */
  endings: readonly string[];
  /** Whether it is text, which may be gzipped. */
  isText: boolean;
  /** Whether it can hold rows as they are, without saying of each which event it is. */
  holdsPlainRows: boolean;
  survey?(): Survey;
  /** Opens a file; null where rows can't be written as they are (`plan.plain`) and have to be written as events. */
  open(plan: SinkPlan, survey: Survey | null): Sink | null;
}
