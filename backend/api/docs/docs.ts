import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Router, static as files } from 'express';
import { problems } from '../../../core/problems/codes.ts';

/** Resolved but not imported, which would load the whole bundle into this process. */
const swaggerUi = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

const shell = (base: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reprise API</title>
<link rel="stylesheet" href="${base}/docs/swagger-ui.css">
<link rel="icon" href="${base}/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${base}/docs/swagger-ui-bundle.js"></script>
<script src="${base}/docs/start.js"></script>
</body>
</html>
`;

/** Asks for a key if the API needs one, and keeps it for this browser tab. */
const start = (base: string) => `const stored = () => sessionStorage.getItem('reprise-key');
const start = () => SwaggerUIBundle({
  url: '${base}/api/v1/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null,
  requestInterceptor: (request) => {
    if (stored()) request.headers['X-API-Key'] = stored();
    return request;
  },
});
const headers = () => (stored() ? { 'X-API-Key': stored() } : {});
fetch('${base}/api/v1/openapi.json', { method: 'HEAD', headers: headers() }).then((answer) => {
  if (answer.status === 401) {
    const key = prompt('API key');
    if (key) sessionStorage.setItem('reprise-key', key);
  }
  start();
});
`;

/** `/docs`: the OpenAPI document readable, with all it needs from here; `/docs/problems`: every error code. */
export function docs(base: string): Router {
  const router = Router();
  router.get(
    '/docs',
    (_request, response) => void response.set('Cache-Control', 'no-cache').type('html').send(shell(base)),
  );
  router.get(
    '/docs/start.js',
    (_request, response) => void response.set('Cache-Control', 'no-cache').type('js').send(start(base)),
  );
  router.get('/docs/problems', (_request, response) => void response.type('html').send(problemPage()));
  router.use('/docs', files(swaggerUi, { index: false, redirect: false, maxAge: '1h' }));
  return router;
}

function problemPage(): string {
  const rows = Object.entries(problems)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { status, meaning }]) =>
        `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escape(meaning)}</td></tr>`,
    );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Reprise: problems</title>
<body style="font: 16px/1.5 system-ui; max-width: 60em; margin: 2em auto; padding: 0 1em">
<h1>Problems</h1>
<p>Reprise answers every refusal and every failure with a problem document (RFC 9457): <code>code</code> is stable, <code>detail</code> says what happened, <code>hint</code> what to do.</p>
<p>A refusal (4xx) is for the caller to mend. A failure (5xx) is not: after a 503 the same request may succeed later.</p>
<table><thead><tr><th align="left">code</th><th align="left">status</th><th align="left">meaning</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
<p id="other">A code that is not in this table is a plugin's own, or comes from a process of another release; <code>detail</code> says what it means.</p>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
