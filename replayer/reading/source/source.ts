import type { Decision } from '../../formats/support/decision.ts';
import type { Input } from '../../formats/support/format.ts';

/** Where the rows of a recording come from: a file, a pipe or a Redis stream. */
export interface Source {
  /** Its name in messages; also names channel and subject where nothing else does. */
  name: string;
  /** Size on the disk; null where it is not known. */
  bytes: number | null;
  /** Whether it can be read only once (a pipe). */
  once: boolean;
  /** For a source that grows: resolves while all that it holds has been read, and more is waited for. */
  quiet?: () => Promise<void>;
  /** The format, where it is certain. */
  format?: string;
  /** The beginning, unpacked, as UTF-8; as it is where the format is one of bytes. */
  head(): Promise<Buffer>;
  /** Pieces of whole lines from its middle and its end, where it can be read there without reading all of it. */
  pieces?(): Promise<string[]>;
  /** How its bytes are text: `binary` where they are none. */
  encoding(): Promise<Decision<string>>;
  /** What was wrong with the bytes of the latest reading, and what could not be checked, as sentences. */
  notes(): string[];
  /** How much of the source the latest input has read, 0..1; null where it is not known. */
  share(): number | null;
  /** The whole source, from the beginning. `wrap` may watch the bytes that pass. */
  input(wrap?: (bytes: AsyncGenerator<Buffer>) => AsyncGenerator<Buffer>): Input;
}
