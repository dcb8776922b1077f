/** Run as a program: three Moleculer nodes, each with a step that forwards its input. Argument: the port of Redis. */
import { ServiceBroker } from 'moleculer';
import { STEPS, type Message } from './message.ts';

const brokers = STEPS.map((step, i) => {
  const next = STEPS[i + 1] ?? 'result';
  const broker = new ServiceBroker({
    nodeID: step,
    transporter: { type: 'Redis', options: { port: Number(process.argv[2]) } },
    logger: false,
  });
  broker.createService({
    name: step,
    events: {
      [step]({ params }: { params: Message }) {
        void broker.emit(next, { ...params, stamps: [...params.stamps, Date.now()] });
      },
    },
  });
  return broker;
});
for (const broker of brokers) await broker.start();
await brokers[0]!.waitForServices([...STEPS, 'results']);
process.on('disconnect', () => process.exit());
process.send?.('ready');
