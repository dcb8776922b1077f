import type { IncomingMessage } from 'node:http';
import type { Admission } from '../gateway/gateway.ts';
import { asRepriseError } from '../../core/problems/errors.ts';
import type { Auditor } from './http/auditing.ts';
import type { Connections } from './http/access/connections.ts';
import type { FrontDoor } from './http/access/front-door.ts';
import { callerKey, requireScope, type Guard } from './http/guard.ts';
import type { Principal } from './http/keyring.ts';
import type { Replays } from './stores/replays.ts';

interface AdmissionParts {
  door: FrontDoor;
  guard: Guard;
  replays: Replays;
  connections: Connections;
  audit: Auditor;
}

/** What the key of a socket allows, as the key is now: it can change while the socket is open. @throws refusal */
export async function admit(
  { request, token }: { request: IncomingMessage; token: unknown },
  { door, guard, replays, connections, audit }: AdmissionParts,
): Promise<Admission> {
  door.checkHost(request);
  door.checkOrigin(request);
  let owner: Principal | null = await guard.admit(token, door.addressOf(request));
  const address = door.addressOf(request);
  const release = connections.take(callerKey(owner.name, address));
  let changed = (_exists: boolean) => {};
  const stop = guard.watch(token, (found) => {
    owner = found;
    changed(found !== null);
  });
  const present = () => owner ?? guard.identify(token);
  return {
    mayRead: (channel) => present().rights.requireRead(channel),
    maySee: (channels) => owner?.rights.mayBeShown(channels) ?? false,
    get isLimited() {
      return owner?.rights.isLimited ?? true;
    },
    async patchReplay(id, patch) {
      const caller = present();
      const change = {
        who: caller.name,
        scope: caller.scope,
        address,
        method: 'SOCKET',
        path: `/replays/${encodeURIComponent(id)}`,
        before: await replays.get(id).catch(() => undefined),
      };
      try {
        requireScope(caller, 'control');
        if (caller.rights.writeLimits.length > 0)
          caller.rights.requireWrite(...(await replays.get(id)).channels);
        const after = await replays.patch(id, patch);
        audit({ ...change, after, status: 200, code: undefined });
        return after;
      } catch (error) {
        const { status, code } = asRepriseError(error);
        audit({ ...change, after: patch, status, code });
        throw error;
      }
    },
    onChanged: (listener) => void (changed = listener),
    left() {
      stop();
      release();
    },
  };
}
