/** `npm run bench -- <name>`: runs one benchmark and prints a JSON line per figure. */
import { readdirSync } from 'node:fs';

/** One figure. `ratio` is value / baseline, both measured in this run: machines differ, ratios less so. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  baseline?: number;
  ratio?: number;
}

export interface Bench {
  /** What it measures, in a sentence. */
  summary: string;
  run(report: (figure: Figure) => void, options: string[]): Promise<void>;
}

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.ts') && !['run.ts', 'setting.ts'].includes(file))
  .map((file) => file.slice(0, -3));
const [name, ...options] = process.argv.slice(2);
if (!name || !names.includes(name)) {
  console.error(`usage: npm run bench -- <name>; there are: ${names.join(', ')}`);
  process.exit(2);
}
const { default: bench } = (await import(new URL(`${name}.ts`, import.meta.url).href)) as { default: Bench };
console.error(bench.summary);
await bench.run(({ value, baseline, ...figure }) => {
  const round = (number: number) => Number(number.toPrecision(4));
  const line = {
    ...figure,
    value: round(value),
    ...(baseline !== undefined && { baseline: round(baseline), ratio: round(value / baseline) }),
  };
  console.log(JSON.stringify(line));
}, options);
process.exit();
