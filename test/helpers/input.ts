import type { Input } from '../../replayer/formats/support/format.ts';

/** Text as a format's input. */
export function textInput(text: () => AsyncIterable<string>): Input {
  return {
    path: null,
    text,
    async *bytes() {
      for await (const piece of text()) yield Buffer.from(piece);
    },
  };
}
