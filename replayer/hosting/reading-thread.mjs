/** Where the thread of a reading begins: what lets the process import TypeScript is not handed on to threads. */
import { runTypeScript } from '../../core/runtime/typescript.mjs';

runTypeScript();
await import(new URL('reading-thread.ts', import.meta.url).href);
