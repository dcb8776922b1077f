import { fileURLToPath } from 'node:url';

/** The folder of this project or package, as an absolute path: what lies in it is found from here. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
