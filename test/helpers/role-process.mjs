/** Run as a program: serves one role until it is killed, or stopped by SIGTERM, compiled as the command does it. `node role-process.mjs <path of main.ts>`. */
import { runTypeScript } from '../../core/runtime/typescript.mjs';

runTypeScript();
/** @type {typeof import('../../core/settings/settings.ts')} */
const { loadSettings } = await import(new URL('../../core/settings/settings.ts', import.meta.url).href);
/** @type {{ serve: (settings: object) => Promise<{ close(): Promise<void> }> }} */
const { serve } = await import(new URL(`../../${process.argv[2]}`, import.meta.url).href);
const role = await serve(loadSettings());
process.once('SIGTERM', () => void role.close().then(() => process.exit()));
process.on('disconnect', () => process.exit());
process.send?.('ready');
