import type { IncomingMessage } from 'node:http';
import type { Admission } from '../gateway/gateway.ts';
import type { FrontDoor } from './http/access/front-door.ts';
import { requireScope, type Guard } from './http/guard.ts';
import type { Principal } from './http/keyring.ts';
import type { Replays } from './stores/replays.ts';

interface AdmissionParts {
  door: FrontDoor;
  guard: Guard;
  replays: Replays;
}

/** What the key of a socket allows, as the key is now: it can change while the socket is open. @throws refusal */
export async function admit(
  { request, token }: { request: IncomingMessage; token: unknown },
  { door, guard, replays }: AdmissionParts,
): Promise<Admission> {
  door.checkHost(request);
  door.checkOrigin(request);
  let owner: Principal | null = await guard.admit(token, door.addressOf(request));
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
      requireScope(caller, 'control');
      if (caller.rights.writeLimits.length > 0)
        caller.rights.requireWrite(...(await replays.get(id)).channels);
      return replays.patch(id, patch);
    },
    onChanged: (listener) => void (changed = listener),
    left: stop,
  };
}
