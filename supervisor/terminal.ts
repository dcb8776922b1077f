import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** What `reprise up` says to the person who started it: progress, what went wrong, and where things are. */
export interface Terminal {
  /** One step of progress, or a fact. */
  say(text: string): void;
  /** Something that went wrong in a part, and goes on. */
  warn(part: string, text: string): void;
  /** Where everything is, as rows of a name and a value under a headline. */
  summary(headline: string, rows: [name: string, value: string][]): void;
}

/** Words on a stream, in colour where a person reads them. */
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
