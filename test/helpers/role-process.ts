/** Run as a program: serves one role until killed. `node --import tsx test/helpers/role-process.ts <path of main.ts>`. */
import { loadSettings } from '../../core/config.ts';

const { serve } = (await import(new URL(`../../${process.argv[2]}`, import.meta.url).href)) as {
  serve: (settings: object) => Promise<unknown>;
};
await serve(loadSettings());
process.on('disconnect', () => process.exit());
process.send?.('ready');
