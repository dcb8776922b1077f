import { fileURLToPath } from 'node:url';

/** The absolute path of the folder of this project, or of the installed package. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
