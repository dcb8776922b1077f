/**
 * The path that this site is served at, with a slash at its end: `/`, or `/reprise/` behind a proxy. All pages stand directly
 * below it, so it is the folder of the address that was opened.
 */
export const basePath: string = new URL('.', location.href).pathname;
