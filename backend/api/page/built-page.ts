import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router } from 'express';

const YEAR = 31_536_000;

const missing = (base: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Reprise: the page is not built</title>
<body style="font: 16px/1.5 system-ui; max-width: 40em; margin: 4em auto; padding: 0 1em">
<h1>The page is not built yet</h1>
<p>The API is up. To build the page run <code>npm run build</code>, or start everything with <code>npm start</code>, then load this address again.</p>
<p>Meanwhile: <a href="${base}/docs">the API's documentation</a>, <a href="${base}/healthz">its health</a>.</p>
</html>
`;

/** Serves the built page: hashed files may be cached for ever, the others are revalidated. If it is not built, a page says so. */
export function builtPage(folder: string, base: string): Router {
  const router = Router();
  // The links in the page are relative.
  if (base !== '') router.get(base, (_request, response) => response.redirect(308, `${base}/`));
  const index = join(folder, 'index.html');
  router.use(
    express.static(folder, {
      index: 'index.html',
      redirect: false,
      setHeaders(response, path) {
        const hashed = /[\\/]assets[\\/]/.test(path);
        response.set('Cache-Control', hashed ? `public, max-age=${YEAR}, immutable` : 'no-cache');
      },
    }),
  );
  router.get(/^\/[\w-]*$/, (request, response, next) => {
    // Only a browser that asks for HTML gets the page; a program gets 404.
    if (request.path !== '/' && !request.get('Accept')?.includes('text/html')) return next();
    response.set('Cache-Control', 'no-cache');
    if (existsSync(index)) response.sendFile(index);
    else response.status(503).type('html').send(missing(base));
  });
  return router;
}
