import type { RequestHandler } from 'express';
import { refusal } from '../../../core/problems/errors.ts';
import { problemReply, sendReply } from './problems.ts';

/** A body must bring this much in each window; 500 bytes a second is slower than any line in use. */
const WINDOW_MS = 30_000;
const LEAST_BYTES = 15_000;

/**
 * Refuses requests whose body arrives too slowly: thousands of them would hold as many connections open for nothing. A body
 * that nobody reads at the moment is not slow.
 */
export function bodyPace({ windowMs = WINDOW_MS, leastBytes = LEAST_BYTES } = {}): RequestHandler {
  return (request, response, next) => {
    const { socket } = request;
    const hasBody =
      request.headers['transfer-encoding'] !== undefined ||
      Number(request.headers['content-length'] ?? 0) > 0;
    if (!hasBody) return next();
    let before = socket.bytesRead;
    const timer = setInterval(() => {
      if (request.complete || response.headersSent) return clearInterval(timer);
      const isSlow = socket.bytesRead - before < leastBytes && request.readableLength === 0;
      before = socket.bytesRead;
      if (!isSlow) return;
      clearInterval(timer);
      response.set('Connection', 'close');
      response.on('finish', () => request.destroy());
      const problem = refusal(
        'request_slow',
        `Less than ${leastBytes} bytes of the body came in ${windowMs / 1_000} s.`,
        { hint: 'Send the whole body, or end it.' },
      );
      // The reader of the body calls `next` itself once the connection ends, so this sends the answer directly.
      sendReply(response, problemReply(problem, request));
    }, windowMs);
    response.on('close', () => clearInterval(timer));
    next();
  };
}
