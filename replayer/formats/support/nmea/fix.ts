import type { Told } from './position-sentences.ts';

/** What the sentences of one moment say together. */
export interface Fix {
  /** The line of its first sentence, and that sentence. */
  line: number;
  text: string;
  talkers: Set<string>;
  /** The talkers and types of its sentences: GPRMC. */
  names: Set<string>;
  /** The UTC time of day, ms since midnight; NaN where no sentence tells it. */
  clockMs: number;
  /** Midnight (UTC) of its day, epoch ms; null while it is not known. */
  dayMs: number | null;
  position: Told['position'];
  /** Whether one of its sentences tells positions. */
  isPosition: boolean;
  /** The other members and their values in JSON. */
  members: Map<string, string>;
  /** When its first sentence was received, ISO 8601. */
  received: string | undefined;
  /** Whether one of its sentences has no checksum. */
  unchecked: boolean;
}

/** The time of a fix, epoch ms; NaN where its day or its time of day is not known. */
export const fixMs = ({ dayMs, clockMs }: Fix) => (dayMs === null ? NaN : dayMs + clockMs);
