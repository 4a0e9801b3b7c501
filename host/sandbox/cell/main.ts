/**
 * A cell: runs one order at a time, each in a fresh instance, and knows nothing but the component cache and the pipe
 * to its broker. It never ends by itself while the broker lives; the broker kills it.
 */
import { Socket } from 'node:net';
import { createBrokerLink } from './broker_link.ts';
import { performOrder } from './guest.ts';
import { startLifeline } from './lifeline.ts';
import { decodeStrictly } from './strict_text.ts';

startLifeline();
decodeStrictly();

// Ctrl-C and a supervisor's stop reach the whole process group; when a cell goes is the broker's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const broker = new Socket({ fd: 3, readable: true, writable: true });
const link = createBrokerLink((frame) => void broker.write(frame), performOrder);

broker.on('data', (chunk: Buffer) => link.receive(chunk));
broker.on('error', () => undefined);
broker.on('close', () => process.kill(process.pid, 'SIGKILL'));
