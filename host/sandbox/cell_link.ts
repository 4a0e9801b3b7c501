import { encodeFrame, FrameReader, SMALL_FRAME_BYTES } from './cell/frames.ts';
import type { CellMeasure, CellOrder, FromCell, GuestEnd, HostReply, ToCell } from './cell/messages.ts';
import { readCellMessage } from './cell_message.ts';

/** How an order ended, seen from outside the cell. */
export type OrderEnd =
  | GuestEnd
  /** The process is gone; `how` tells by what, and the last of what it wrote to stderr. */
  | { readonly kind: 'crashed'; readonly how: string; readonly heap_exhausted: boolean }
  /** The cell broke the protocol and was killed. */
  | { readonly kind: 'garbage'; readonly problem: string }
  /** A host function rejected; the cell was killed, since its guest can't go on. */
  | { readonly kind: 'host_failed'; readonly error: unknown };

/** An order's end and, when the cell lived to tell, its cost. */
export interface OrderReport {
  readonly end: OrderEnd;
  readonly measure: CellMeasure;
}

/** Performs a guest's import. A rejection ends the run and the cell. */
export type CallHost = (name: string, args: readonly unknown[]) => Promise<HostReply>;

/** The broker's end of the pipe to a cell: it believes nothing that comes out of it. */
export interface CellLink {
  /** True once the cell takes orders; false when it ended before. */
  readonly ready: Promise<boolean>;
  /** Performs an order. Never rejects, and always ends when the cell does. */
  perform(order: CellOrder, callHost: CallHost): Promise<OrderReport>;
  /** Takes what came out of the pipe. Never throws: a cell that breaks the protocol is killed. */
  receive(chunk: Buffer): void;
  /** The cell is gone. */
  ended(how: string): void;
}

/** What a link does to its cell. */
export interface CellControl {
  write(frame: Buffer): void;
  kill(): void;
}

/** Of an order whose cell did not live to tell. */
export const UNMEASURED: CellMeasure = { instantiate_ms: 0, run_ms: 0, memory_bytes: 0 };

interface Underway {
  readonly run: number;
  /** A host call is being performed; a guest can wait for only one. */
  calling: boolean;
  readonly callHost: CallHost;
  end(report: OrderReport): void;
}

export function createCellLink(cell: CellControl): CellLink {
  const reader = new FrameReader();
  const ready = Promise.withResolvers<boolean>();
  let orders = 0;
  let current: Underway | undefined;
  let gone: string | undefined;
  /** Nothing that a cell says is heard once it broke the protocol. */
  let deaf = false;

  return {
    ready: ready.promise,
    perform(order, callHost) {
      if (gone !== undefined) return Promise.resolve({ end: crashed(gone), measure: UNMEASURED });
      reader.bytesMax = order.frame_bytes_max;
      const run = ++orders;
      return new Promise((resolve) => {
        current = { run, calling: false, callHost, end: resolve };
        send({ kind: 'run', run, order });
      });
    },
    receive(chunk) {
      if (deaf) return;
      try {
        for (const message of reader.push(chunk)) receive(readCellMessage(message));
      } catch (error) {
        deaf = true;
        finish({ kind: 'garbage', problem: (error as Error).message });
        cell.kill();
      }
    },
    ended(how) {
      gone = how;
      ready.resolve(false);
      finish(crashed(how));
    },
  };

  function send(message: ToCell): void {
    cell.write(encodeFrame(message));
  }

  function finish(end: OrderEnd, measure: CellMeasure = UNMEASURED): void {
    const ended = current;
    current = undefined;
    reader.bytesMax = SMALL_FRAME_BYTES;
    ended?.end({ end, measure });
  }

  function receive(message: FromCell): void {
    if (message.kind === 'ready') return ready.resolve(true);
    // Of an order that has already ended.
    if (message.run !== current?.run) return;
    if (message.kind === 'end') return finish(message.end, message.measure);
    if (current.calling) throw new Error('a host call while another is under way');
    void performCall(current, message.name, message.args);
  }

  async function performCall(order: Underway, name: string, args: readonly unknown[]) {
    order.calling = true;
    try {
      const reply = await order.callHost(name, args);
      order.calling = false;
      if (order === current) send({ kind: 'reply', run: order.run, reply });
    } catch (error) {
      if (order !== current) return;
      finish({ kind: 'host_failed', error });
      cell.kill();
    }
  }
}

function crashed(how: string): OrderEnd {
  return { kind: 'crashed', how, heap_exhausted: how.includes('heap out of memory') };
}
