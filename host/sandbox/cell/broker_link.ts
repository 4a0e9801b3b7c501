import { readBrokerMessage } from './broker_message.ts';
import { encodeFrame, FrameReader } from './frames.ts';
import { CallTooLarge, type performOrder } from './guest.ts';
import type { FromCell, HostReply, ToCell } from './messages.ts';

/** A cell's end of the pipe to its broker. */
export interface BrokerLink {
  /**
   * Takes what came out of the pipe, and answers in its own time.
   * @throws Error on what is no message of a broker; the cell is of no more use then.
   */
  receive(chunk: Buffer): void;
}

/** @param write puts a frame into the pipe. */
export function createBrokerLink(write: (frame: Buffer) => void, perform: typeof performOrder): BrokerLink {
  const reader = new FrameReader();
  // A response body may be long.
  reader.bytesMax = 0xffff_ffff;
  let current = 0;
  let answer: ((reply: HostReply) => void) | undefined;

  send({ kind: 'ready' });
  return {
    receive(chunk) {
      for (const message of reader.push(chunk)) receive(readBrokerMessage(message));
    },
  };

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
        write(frame);
      });
    };
    void perform(order, callHost).then(({ end, measure }) => {
      if (run === current) send({ kind: 'end', run, end, measure });
    });
  }

  function send(message: FromCell): void {
    write(encodeFrame(message));
  }
}
