import { parentPort, workerData } from 'node:worker_threads';
import { runTypeScript } from '../../core/runtime/typescript.mjs';

// Calls functions of a module one after the other, as test/helpers/in-worker.ts asks for.
runTypeScript();
const module = await import(workerData.module);
const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
for (const { call, of, then } of workerData.jobs) {
  port.postMessage({ begun: true });
  let value;
  try {
    const found = module[call](...of);
    value = then ? found(...then) : found;
  } catch (error) {
    value = { thrown: /** @type {Error} */ (error).message };
  }
  port.postMessage({ value });
}
