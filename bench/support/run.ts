/** `npm run bench -- <name>`: runs one benchmark and prints a JSON line per figure. */
import { moduleNames } from '../../core/runtime/registry.ts';
import type { Bench } from './bench.ts';

const folder = new URL('../', import.meta.url);
const names = moduleNames(folder);
const [name, ...options] = process.argv.slice(2);
if (!name || !names.includes(name)) {
  console.error(`usage: npm run bench -- <name>; names: ${names.join(', ')}`);
  process.exit(2);
}
const { default: bench } = (await import(new URL(`${name}.ts`, folder).href)) as { default: Bench };
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
