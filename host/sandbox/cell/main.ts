/**
 * A cell: runs one order at a time, each in a fresh instance, and knows nothing but the component cache and the pipe
 * to its broker. It never ends by itself while the broker lives; the broker kills it.
 */
import { Socket } from 'node:net';
import { encodeFrame, FrameReader } from './frames.ts';
import { CallTooLarge, performOrder } from './guest.ts';
import { startLifeline } from './lifeline.ts';
import type { FromCell, HostReply, ToCell } from './messages.ts';
import { decodeStrictly } from './strict_text.ts';

startLifeline();
decodeStrictly();

// Ctrl-C and a supervisor's stop reach the whole process group; when a cell goes is the broker's decision.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const broker = new Socket({ fd: 3, readable: true, writable: true });
const reader = new FrameReader();
// The broker is trusted; a response body may be long.
reader.bytesMax = 0xffff_ffff;

let current = 0;
let answer: ((reply: HostReply) => void) | undefined;

broker.on('data', (chunk: Buffer) => {
  for (const message of reader.push(chunk)) receive(message as ToCell);
});
broker.on('error', () => undefined);
broker.on('close', () => process.kill(process.pid, 'SIGKILL'));

send({ kind: 'ready' });

function receive(message: ToCell): void {
  if (message.kind === 'reply') {
    if (message.run === current) answer?.(message.reply);
    return;
  }
  const { run, order } = message;
  current = run;
  const callHost = (name: string, args: readonly unknown[]) => {
    const frame = encodeFrame({ kind: 'call', run, name, args });
    return new Promise<HostReply>((resolve, reject) => {
      if (frame.length > order.frame_bytes_max) return reject(new CallTooLarge(frame.length));
      answer = resolve;
      broker.write(frame);
    });
  };
  void performOrder(order, callHost).then(({ end, measure }) => {
    if (run === current) send({ kind: 'end', run, end, measure });
  });
}

function send(message: FromCell): void {
  broker.write(encodeFrame(message));
}
