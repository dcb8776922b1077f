import { parseJson } from '../../core/wire/json-depth.ts';
import { asRepriseError, refusal, sentence, shownError } from '../../core/problems/errors.ts';
import type { Logger } from '../../core/logging/log.ts';
import { keys } from '../../core/wire/keys.ts';
import { duplicate, type Redis } from '../../core/redis/connection.ts';
import { explain, validator } from '../../schemas/index.ts';
import type { ReplayPatch } from '../../schemas/types.ts';
import type { ReplayHost } from './host.ts';

const validPatch = validator<ReplayPatch>('resources/replay-patch');

/**
 * Steers replays by Redis alone: `PUBLISH reprise:commands {"id":"7","replay":"demo","state":"paused"}` is answered on
 * `reprise:command-replies` with `{"id":"7","ok":true,"replay":{...}}` or `{"id":"7","ok":false,"problem":{...}}` by the
 * process that runs the replay. Other messages are ignored.
 */
export function listenToCommands(
  redis: Redis,
  host: ReplayHost,
  log: Pick<Logger, 'error'>,
): { close(): void } {
  const subscriber = duplicate(redis);
  subscriber.on('message', (_channel, text) => void answer(redis, host, log, text));
  subscriber.subscribe(keys.commands).catch(() => {});
  return { close: () => subscriber.disconnect() };
}

async function answer(
  redis: Redis,
  host: ReplayHost,
  log: Pick<Logger, 'error'>,
  text: string,
): Promise<void> {
  const command = parsed(text);
  if (!command || !host.has(command.replay)) return;
  const { id, replay, ...patch } = command;
  const patched = async () => ({ id, ok: true, replay: await host.patch(replay, checked(patch)) });
  const reply = await patched().catch((error: unknown) => {
    if (asRepriseError(error).kind === 'invariant') log.error({ replay, err: error }, sentence(error));
    return { id, ok: false, problem: shownError(error).toProblem(keys.commands) };
  });
  await redis.publish(keys.commandReplies, JSON.stringify(reply)).catch(() => {});
}

function parsed(text: string): { id: unknown; replay: string } | null {
  try {
    const command = parseJson(text) as { id?: unknown; replay?: unknown } | null;
    if (typeof command?.replay !== 'string') return null;
    return { ...command, id: command.id ?? null, replay: command.replay };
  } catch {
    return null;
  }
}

function checked(patch: object): ReplayPatch {
  if (validPatch(patch)) return patch;
  throw refusal('command_malformed', `The command: ${explain(validPatch.errors, patch)}.`, {
    hint: 'It is {"id", "replay"} and what PATCH /api/v1/replays/{id} takes.',
  });
}
