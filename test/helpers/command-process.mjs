/**
 * Run as a program: runs command lines one after the other, as `bin/reprise.js` does, and answers each with its exit code
 * and output. One process for many, because most of a short command's time is its start. Node loads it without tsx,
 * because tsx finds members of modules that Node alone does not.
 */
import { runTypeScript } from '../../core/runtime/typescript.mjs';

runTypeScript();
/** @type {typeof import('../../cli/main.ts')} */
const { main } = await import(new URL('../../cli/main.ts', import.meta.url).href);
const channels = /** @type {const} */ (['stdout', 'stderr']);
const signals = ['SIGINT', 'SIGTERM'];

process.on('disconnect', () => process.exit());
process.on('message', async (/** @type {string[]} */ args) => {
  const output = { stdout: '', stderr: '' };
  for (const name of channels)
    process[name].write = (/** @type {string | Uint8Array} */ text) => {
      output[name] += Buffer.from(text).toString();
      return true;
    };
  process.exitCode = undefined;
  const code = await main([process.execPath, 'reprise', ...args], false);
  // A process of its own would end here; what a command listens to must not pile up.
  process.stdout.removeAllListeners('error');
  for (const signal of signals) process.removeAllListeners(signal);
  process.send?.({ code, ...output });
});
process.send?.('ready');
