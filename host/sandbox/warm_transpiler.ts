import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ComponentRefusal } from './structure/refusal.ts';
import { TIMEOUT_MS, type Transpile, transpileBy, transpilerArguments } from './transpiler.ts';

/** A transpiler that stays. */
export interface WarmTranspiler {
  /** As `transpile`, one after the other, for directories below the root. */
  readonly transpile: Transpile;
  /** Kills the process; resolves when it is gone. */
  close(): Promise<void>;
}

/**
 * Transpiles the components of one author in one process, which may write everything below `root`: from the second on
 * it takes a fraction of the time. A process that died or took too long is replaced for the next component.
 */
export function startWarmTranspiler(root: string): WarmTranspiler {
  let server: Server | undefined = startServer(root);
  let turn: Promise<unknown> = Promise.resolve();
  return {
    transpile(bytes, versions, directory) {
      const order = JSON.stringify({ directory, versions });
      const work = turn.then(() => transpileBy(() => ask(order), bytes, directory));
      turn = work.catch(() => undefined);
      return work;
    },
    close: async () => server?.close(),
  };

  async function ask(order: string): Promise<void> {
    server ??= startServer(root);
    const answer = await server.ask(order);
    if (answer === undefined) {
      await server.close();
      server = undefined;
      throw new ComponentRefusal('translation', "jco can't transpile it: the process died or was not done in time");
    }
    const { problem } = JSON.parse(answer) as { readonly problem?: string };
    if (problem === undefined) return;
    throw new ComponentRefusal('translation', `jco can't transpile it: ${problem.trim().slice(0, 2000)}`);
  }
}

interface Server {
  /** The answer to a line; undefined when there is none in time. */
  ask(line: string): Promise<string | undefined>;
  close(): Promise<void>;
}

function startServer(root: string): Server {
  const child = spawn(process.execPath, [...transpilerArguments(root), '--serve'], {
    env: {},
    cwd: '/',
    // The last is its lifeline: it closes when this process ends.
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let answer: (line: string | undefined) => void = () => undefined;
  createInterface({ input: child.stdout }).on('line', (line) => answer(line));
  void exited.then(() => answer(undefined));
  // A dying process breaks its pipes; `close` is where that is told.
  child.stdin.on('error', () => undefined);
  child.on('error', () => answer(undefined));
  child.stderr.resume();
  return {
    async ask(line) {
      if (child.exitCode !== null || child.signalCode !== null) return undefined;
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      answer = resolve;
      const timer = setTimeout(() => resolve(undefined), TIMEOUT_MS);
      child.stdin.write(`${line}\n`);
      return promise.finally(() => clearTimeout(timer));
    },
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
