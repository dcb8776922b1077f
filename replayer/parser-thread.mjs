/** Where a thread begins: the loader of TypeScript is not handed on to threads. */
import { register } from 'tsx/esm/api';

register();
await import(new URL('parser-thread.ts', import.meta.url).href);
