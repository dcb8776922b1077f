import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ServiceBroker } from 'moleculer';
import { killRole } from '../../test/helpers/role.ts';
import { post, STEPS, type Message } from './message.ts';
import type { Contender } from './contender.ts';

const program = fileURLToPath(new URL('moleculer-steps.ts', import.meta.url));

/**
 * Moleculer with its Redis transporter: one node per step, all in one process, and one node here that sends and counts.
 * The steps emit balanced events, its fastest way: nothing is acknowledged, and lost events stay lost.
 */
export async function moleculer(port: number): Promise<Contender> {
  const child = fork(program, [String(port)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ready = once(child, 'message');
  const broker = new ServiceBroker({
    nodeID: 'bench',
    transporter: { type: 'Redis', options: { port } },
    logger: false,
  });
  const results: Message[] = [];
  broker.createService({
    name: 'results',
    events: { result: ({ params }: { params: Message }) => void results.push(params) },
  });
  await broker.start();
  await ready;
  await broker.waitForServices(STEPS);
  let sent = 0;
  return {
    name: 'Moleculer',
    pid: child.pid!,
    async send(count) {
      for (let i = 0; i < count; i++)
        void broker.emit(STEPS[0]!, { data: post(sent++), stamps: [Date.now()] } satisfies Message);
    },
    count: async () => results.length,
    hopsMs: async (from) =>
      results.slice(from).flatMap(({ stamps }) => stamps.slice(1).map((stamp, i) => stamp - stamps[i]!)),
    async close() {
      await broker.stop();
      await killRole(child);
    },
  };
}
