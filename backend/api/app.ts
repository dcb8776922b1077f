import express, { Router, type Express } from 'express';
import { failure } from '../../core/problems/errors.ts';
import { passingReason, type PassingReason } from '../../core/problems/passing.ts';
import type { Logger } from '../../core/logging/log.ts';
import { healthOf } from '../../core/redis/health.ts';
import type { Redis } from '../../core/redis/connection.ts';
import { loadRegistry } from '../../core/runtime/registry.ts';
import { docs } from './docs/docs.ts';
import { documentsResource } from './docs/documents.ts';
import { openApi } from './docs/openapi.ts';
import { schemasResource } from './docs/schemas.ts';
import type { Endpoints } from './endpoints/endpoints.ts';
import { bodyPace } from './http/body-pace.ts';
import type { Connections } from './http/access/connections.ts';
import type { FrontDoor } from './http/access/front-door.ts';
import { channelGuard, hostGuard, keyGuard, originGuard, type Guard } from './http/guard.ts';
import { notFound, problemHandler } from './http/problems.ts';
import { rateLimited } from './http/rate-limit.ts';
import { mount } from './http/router.ts';
import type { Metrics } from './metrics/metrics.ts';
import { builtPage } from './page/built-page.ts';
import { pageResource } from './page/page-settings.ts';
import { securityHeaders } from './page/security-headers.ts';
import type { ApiContext, Resource } from './routing/api-route.ts';

const PREFIX = '/api/v1';
/** With these, Redis does not even read. */
const ANSWERS_NOTHING = new Set(['redis_unreachable', 'redis_loading', 'redis_busy']);

export interface AppDependencies {
  context: ApiContext;
  connections: Connections;
  endpoints: Endpoints;
  door: FrontDoor;
  guard: Guard;
  metrics: Metrics;
  log: Logger;
  /** Folder of the built page. */
  pageFolder: string;
  /** Whether the API asks for a key. */
  keyed: boolean;
  redisUrl: string;
}

/** Assembles the HTTP side: REST, configured endpoints, docs, the page, and the guards in front of them. */
export async function createApp(dependencies: AppDependencies): Promise<Express> {
  const { context, connections, endpoints, door, guard, metrics, log, pageFolder, keyed, redisUrl } =
    dependencies;
  const { redis, settings } = context;
  const audit = context.audit.add;
  let openapi: object;
  const resources = [...(await findResources()), documentsResource(() => openapi, redisUrl)];
  const app = express();
  app.disable('x-powered-by');
  app.locals['basePath'] = door.basePath;
  app.use(metrics.measure, securityHeaders(settings.streetStyle));
  const key = keyGuard(guard, door);
  const needsRedis = redisGuard(redis);
  // Probes name the address of a container, which nobody knows beforehand.
  app.get('/healthz', (_request, response) => void response.json({ status: 'up' }));
  app.get('/readyz', key, needsRedis, async (_request, response) => {
    const { refusal } = healthOf(redis);
    if (refusal) throw refusalFailure(refusal);
    await redis.ping();
    response.json({ status: 'ready' });
  });
  app.use(hostGuard(door), originGuard(door), bodyPace(), docs(door.basePath));
  app.get('/metrics', key, channelGuard({ method: 'get', channels: 'all' }), (_request, response) =>
    metrics.write(response),
  );
  const limit = rateLimited(redis, door, settings.rateLimit);
  app.use(PREFIX, key, limit, (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  mount({
    app,
    prefix: PREFIX,
    routes: resources.flatMap(({ routes }) => routes),
    context,
    door,
    audit,
    connections,
    before: [needsRedis],
  });
  let configured = Router();
  endpoints.follow((resource) => {
    const router = Router();
    mount({
      app: router,
      prefix: '',
      routes: resource.routes,
      context,
      door,
      audit,
      connections,
      before: [key, limit, needsRedis],
    });
    configured = router;
    openapi = openApi(
      [
        { prefix: PREFIX, resources },
        { prefix: '', resources: [resource] },
      ],
      keyed,
      door.basePath,
    );
  });
  app.use((request, response, next) => configured(request, response, next));
  app.get('/openapi.json', key, (_request, response) => void response.json(openapi));
  app.use(PREFIX, notFound);
  app.use(builtPage(pageFolder, door.basePath));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

/** Every REST noun, by name: each file of resources/ is one, and the docs and the page bring one each. */
export async function findResources(): Promise<Resource[]> {
  const found = await loadRegistry<Resource>(new URL('./resources/', import.meta.url));
  return [...found, schemasResource, pageResource].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Refuses requests at once while Redis answers nothing: a command would wait until it does. */
function redisGuard(redis: Redis): express.RequestHandler {
  const health = healthOf(redis);
  return (_request, _response, next) => {
    const { refusal } = health;
    // Connections to a replica are made anew now and then; commands wait for that moment.
    const isConnected = redis.status === 'ready' || refusal?.code === 'redis_read_only';
    const isAway = !isConnected || (refusal !== null && ANSWERS_NOTHING.has(refusal.code));
    if (!isAway) return next();
    throw refusalFailure(refusal ?? passingReason('redis_unreachable'));
  };
}

function refusalFailure({ code, message, hint, since }: PassingReason & { since?: string }): Error {
  return failure(code, since ? `${message} This began at ${since}.` : message, { hint });
}
