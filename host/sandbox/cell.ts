import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { encodeFrame, FrameReader, SMALL_FRAME_BYTES } from './cell/frames.ts';
import type { CellMeasure, CellOrder, FromCell, GuestEnd, HostReply, ToCell } from './cell/messages.ts';
import { type Confinement, cellProgram, confinedArguments } from './cell_flags.ts';
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

/** A process that performs orders, one at a time. It lives until it is killed or has died. */
export interface Cell {
  readonly pid: number;
  /** True once the cell takes orders; false when it died before. */
  readonly ready: Promise<boolean>;
  /** Resolves when no process is left; says how it ended. */
  readonly exited: Promise<string>;
  /** False once it was killed or has died. */
  readonly isAlive: boolean;
  /** Performs an order. Never rejects, and always ends when the cell does. */
  perform(order: CellOrder, callHost: CallHost): Promise<OrderReport>;
  /** By SIGKILL. */
  kill(): void;
}

/** Performs a guest's import. A rejection ends the run and the cell. */
export type CallHost = (name: string, args: readonly unknown[]) => Promise<HostReply>;

/** Of an order whose cell did not live to tell. */
export const UNMEASURED: CellMeasure = { instantiate_ms: 0, run_ms: 0, memory_bytes: 0 };

const STDERR_CHARACTERS_KEPT = 4096;

interface Underway {
  readonly run: number;
  /** A host call is being performed; a guest can wait for only one. */
  calling: boolean;
  readonly callHost: CallHost;
  end(report: OrderReport): void;
}

/** Starts a cell with no environment, no rights beyond `confinement`, and a pipe as its only way out. */
export function startCell(confinement: Confinement): Cell {
  const child = spawn(process.execPath, confinedArguments(cellProgram('main'), confinement), {
    env: {},
    cwd: '/',
    // stdin is the cell's lifeline: it closes when this process ends.
    stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
  });
  // Absent when the process could not be started for want of file descriptors.
  const pipe = child.stdio?.[3] as Duplex | undefined;
  const reader = new FrameReader();
  const ready = Promise.withResolvers<boolean>();
  const exited = watchExit(child);
  let orders = 0;
  let current: Underway | undefined;
  let gone: string | undefined;
  let isKilled = false;

  // A dying cell breaks its pipes; `exited` is where that is told.
  for (const stream of [pipe, child.stdin]) stream?.on('error', () => undefined);
  pipe?.on('data', (chunk: Buffer) => {
    try {
      for (const message of reader.push(chunk)) receive(readCellMessage(message));
    } catch (error) {
      finish({ kind: 'garbage', problem: (error as Error).message });
      kill();
    }
  });
  void exited.then((how) => {
    gone = how;
    ready.resolve(false);
    finish(crashed(how));
  });

  return {
    pid: child.pid ?? -1,
    ready: ready.promise,
    exited,
    get isAlive() {
      return !isKilled && gone === undefined;
    },
    perform(order, callHost) {
      if (gone !== undefined) return Promise.resolve({ end: crashed(gone), measure: UNMEASURED });
      reader.bytesMax = order.frame_bytes_max;
      const run = ++orders;
      return new Promise((resolve) => {
        current = { run, calling: false, callHost, end: resolve };
        send({ kind: 'run', run, order });
      });
    },
    kill,
  };

  function kill(): void {
    isKilled = true;
    child.kill('SIGKILL');
    pipe?.destroy();
  }

  function send(message: ToCell): void {
    if (pipe?.writable) pipe.write(encodeFrame(message));
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
      kill();
    }
  }
}

function crashed(how: string): OrderEnd {
  return { kind: 'crashed', how, heap_exhausted: how.includes('heap out of memory') };
}

function watchExit(child: ChildProcess): Promise<string> {
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_CHARACTERS_KEPT);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => {
      const by = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
      resolve(stderr === '' ? by : `${by}: ${stderr.trim()}`);
    });
  });
}
