/** Entry of the thread. The hooks that let the process import TypeScript do not reach threads, so it sets them up first. */
import { runTypeScript } from '../../../../core/runtime/typescript.mjs';

runTypeScript();
await import(new URL('thread.ts', import.meta.url).href);
