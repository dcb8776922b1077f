import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** Security headers for all responses. They let the page's map use workers made from blobs, and load the street style. */
export function securityHeaders(streetStyle: string | null): RequestHandler {
  const streets = streetStyle !== null && URL.canParse(streetStyle) ? [new URL(streetStyle).origin] : [];
  return helmet({
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:', ...streets],
        fontSrc: ["'self'", 'data:'],
        workerSrc: ["'self'", 'blob:'],
        childSrc: ["'self'", 'blob:'],
        connectSrc: ["'self'", 'ws:', 'wss:', 'data:', 'blob:', ...streets],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'self'"],
        // The page is served over plain HTTP on a machine or a local network.
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });
}
