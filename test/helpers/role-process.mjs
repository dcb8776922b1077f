/** Run as a program: serves one role until killed, compiled as the command does it. `node role-process.mjs <path of main.ts>`. */
import { runTypeScript } from '../../core/runtime/typescript.mjs';

runTypeScript();
/** @type {typeof import('../../core/settings/settings.ts')} */
const { loadSettings } = await import(new URL('../../core/settings/settings.ts', import.meta.url).href);
/** @type {{ serve: (settings: object) => Promise<unknown> }} */
const { serve } = await import(new URL(`../../${process.argv[2]}`, import.meta.url).href);
await serve(loadSettings());
process.on('disconnect', () => process.exit());
process.send?.('ready');
