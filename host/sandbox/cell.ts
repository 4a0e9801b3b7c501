import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { CellOrder } from './cell/messages.ts';
import { type Confinement, cellProgram, confinedArguments } from './cell_flags.ts';
import { type CallHost, createCellLink, type OrderReport } from './cell_link.ts';

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

const STDERR_CHARACTERS_KEPT = 4096;

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
  const exited = watchExit(child);
  let isAlive = true;
  const link = createCellLink({
    write(frame) {
      if (pipe?.writable) pipe.write(frame);
    },
    kill,
  });

  // A dying cell breaks its pipes; `exited` is where that is told.
  for (const stream of [pipe, child.stdin]) stream?.on('error', () => undefined);
  pipe?.on('data', link.receive);
  void exited.then((how) => {
    isAlive = false;
    link.ended(how);
  });

  return {
    pid: child.pid ?? -1,
    ready: link.ready,
    exited,
    get isAlive() {
      return isAlive;
    },
    perform: link.perform,
    kill,
  };

  function kill(): void {
    isAlive = false;
    child.kill('SIGKILL');
    pipe?.destroy();
  }
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
