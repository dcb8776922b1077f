/** Where the thread of a conversion begins: what lets the process import TypeScript is not handed on to threads. */
import { runTypeScript } from '../../core/runtime/typescript.mjs';

runTypeScript();
await import(new URL('conversion-thread.ts', import.meta.url).href);
