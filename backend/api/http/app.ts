import express, { Router, type Express } from 'express';
import { failure } from '../../../core/problems/errors.ts';
import type { Logger } from '../../../core/logging/log.ts';
import { asyncApi } from '../docs/asyncapi.ts';
import { docs } from '../docs/docs.ts';
import type { Endpoints } from '../endpoints/endpoints.ts';
import { keyGuard, originGuard, type Guard } from './guard.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { openApi } from '../docs/openapi.ts';
import { headers, page } from './page-files.ts';
import type { Parts } from './parts.ts';
import { notFound, problemHandler } from './problems.ts';
import { rateLimited } from './rate-limit.ts';
import { route, type Resource } from './route.ts';
import { findResources, mount } from './router.ts';

const PREFIX = '/api/v1';

export interface AppParts {
  parts: Parts;
  endpoints: Endpoints;
  guard: Guard;
  metrics: Metrics;
  log: Logger;
  /** Folder of the built page. */
  pageFolder: string;
  keyed: boolean;
  redisUrl: string;
}

/** The HTTP side as a whole: API, docs, page, and what watches over it. */
export async function createApp({
  parts,
  endpoints,
  guard,
  metrics,
  log,
  pageFolder,
  keyed,
  redisUrl,
}: AppParts): Promise<Express> {
  const app = express();
  app.disable('x-powered-by');
  const resources = await findResources();
  let openapi: object;
  const documents: Resource = {
    name: 'documents',
    description: 'What there is, for programs.',
    routes: [
      route({
        method: 'get',
        path: '/openapi.json',
        summary: 'This document',
        scope: 'read',
        responses: { 200: { description: 'OpenAPI 3.1.', schema: { type: 'object' } } },
        handle: () => openapi,
      }),
      route({
        method: 'get',
        path: '/asyncapi.json',
        summary: 'Channels and socket messages',
        scope: 'read',
        responses: { 200: { description: 'AsyncAPI 3.', schema: { type: 'object' } } },
        handle: async () => asyncApi(await parts.channels.all(), redisUrl),
      }),
    ],
  };
  app.use(metrics.measure, headers(parts.settings.streetStyle), originGuard(guard));
  app.get('/healthz', (_request, response) => void response.json({ status: 'up' }));
  app.use(docs());
  const key = keyGuard(guard);
  const needsRedis = redisGuard(parts);
  app.get('/readyz', key, needsRedis, async (_request, response) => {
    await parts.redis.ping();
    response.json({ status: 'ready' });
  });
  app.get('/metrics', key, (_request, response) => metrics.write(response));
  const limit = rateLimited(parts.redis, parts.settings.rateLimit);
  app.use(PREFIX, key, limit, (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  mount(
    app,
    PREFIX,
    [...resources, documents].flatMap(({ routes }) => routes),
    parts,
    [needsRedis],
  );
  let configured = Router();
  endpoints.follow((resource) => {
    const router = Router();
    mount(router, '', resource.routes, parts, [key, limit, needsRedis]);
    configured = router;
    openapi = openApi(
      [
        { prefix: PREFIX, resources: [...resources, documents] },
        { prefix: '', resources: [resource] },
      ],
      keyed,
    );
  });
  app.use((request, response, next) => configured(request, response, next));
  app.use(PREFIX, notFound);
  app.use(page(pageFolder));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

/** While Redis is away the answer is that it is, at once: a command would wait for it to come back. */
function redisGuard({ redis }: Parts): express.RequestHandler {
  return (_request, _response, next) => {
    if (redis.status === 'ready') return next();
    throw failure('redis_unreachable', 'Redis does not answer.', {
      hint: 'It is tried again all the time; the answer comes once it is back.',
    });
  };
}
