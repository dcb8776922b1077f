import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** What `reprise up` prints: progress, what goes wrong, and where everything is. */
export interface Terminal {
  /** One step of progress, or a fact. */
  say(text: string): void;
  /** Something that went wrong in a part, while the others go on. */
  warn(part: string, text: string): void;
  /** A headline, and rows of a name and a value. */
  summary(headline: string, rows: [name: string, value: string][]): void;
}

/** Prints on a stream, in colour where it is a terminal. */
export function terminal(stream: NodeJS.WriteStream): Terminal {
  const paint = (style: Style, text: string) => (stream.isTTY ? styleText(style, text) : text);
  const line = (text: string) => void stream.write(`${text}\n`);
  return {
    say: (text) => line(paint('dim', text)),
    warn: (part, text) => line(`${paint('yellow', part)}  ${text}`),
    summary(headline, rows) {
      const width = Math.max(...rows.map(([name]) => name.length));
      line(`\n  ${paint('bold', headline)}\n`);
      for (const [name, value] of rows) line(`  ${paint('dim', name.padEnd(width))}  ${value}`);
      line('');
    },
  };
}
