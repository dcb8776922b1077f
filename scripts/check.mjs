/** `npm run check`: format, lint, layering, dead code, types, generated files. Exit code 1 if one fails. */
import { runChecks } from './checks.mjs';

const { passed, failed } = await runChecks();
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
