import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { confinedArguments } from '../sandbox/cell_flags.ts';
import { CASE_LIMITS, type CaseEngine, type EngineEnd, lateEnd, reportEnd } from './engine.ts';
import type { NativeEnd, NativeOrder } from './native/messages.ts';

const CODE_DIRECTORY = fileURLToPath(new URL('./native/', import.meta.url));
const HEAP_MB_MAX = 256;

/**
 * Runs a bundled handler in Node, in a process with a cell's rights: it differs from WASM by the engine alone, and says
 * within milliseconds what a component would.
 *
 * @param code an ES module that exports `handler`, as `bundleHandler` gives it.
 */
export async function openNativeEngine(code: string): Promise<CaseEngine> {
  const script = (await transform(code, { format: 'cjs' })).code;
  let child: ChildProcess | undefined;
  return {
    name: 'native',
    async run(step, world) {
      const startedAt = performance.now();
      child ??= startNative();
      const order: NativeOrder = { code: script, call: { name: 'run', step }, world };
      const answer = await perform(child, order);
      if ('gone' in answer) child = undefined;
      return { ...endOf(answer), run_ms: performance.now() - startedAt, instantiate_ms: 0, memory_bytes: 0 };
    },
    async close() {
      if (child === undefined) return;
      const ended = child.exitCode ?? child.signalCode;
      const exited = ended === null ? new Promise((resolve) => child?.once('exit', resolve)) : undefined;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function startNative(): ChildProcess {
  const program = `${CODE_DIRECTORY}main${extname(import.meta.url)}`;
  const { memory_bytes_max } = CASE_LIMITS;
  const flags = confinedArguments(program, { readable: [CODE_DIRECTORY], memory_bytes_max, heap_mb_max: HEAP_MB_MAX });
  // stdin is its lifeline, as a cell's.
  return fork(program, { execArgv: flags.slice(0, -1), env: {}, cwd: '/', stdio: ['pipe', 'ignore', 'pipe', 'ipc'] });
}

type Answer = NativeEnd | { readonly gone: 'late' | string };

/** One order to the process; one that gives no answer in time is killed. */
function perform(child: ChildProcess, order: NativeOrder): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>();
  let stderr = '';
  const onStderr = (text: Buffer): void => {
    stderr = (stderr + text).slice(-1_000);
  };
  const onExit = (code: number | null, signal: string | null) =>
    resolve({ gone: `${signal ?? code} ${stderr}`.trim() });
  const timer = setTimeout(() => {
    resolve({ gone: 'late' });
    child.kill('SIGKILL');
  }, CASE_LIMITS.timeout_ms);
  child.once('message', resolve as (message: unknown) => void);
  child.once('exit', onExit);
  child.stderr?.on('data', onStderr);
  child.send(order);
  return promise.finally(() => {
    clearTimeout(timer);
    child.off('message', resolve as (message: unknown) => void);
    child.off('exit', onExit);
    child.stderr?.off('data', onStderr);
  });
}

function endOf(answer: Answer): Pick<EngineEnd, 'verdict' | 'texts' | 'problems' | 'calls'> {
  if (!('gone' in answer)) {
    const measure = { instantiate_ms: 0, run_ms: 0, memory_bytes: 0 };
    return { ...reportEnd({ end: answer.end, measure }), problems: answer.problems, calls: answer.calls };
  }
  const end = {
    kind: 'crashed',
    how: answer.gone,
    heap_exhausted: answer.gone.includes('heap out of memory'),
  } as const;
  const measure = { instantiate_ms: 0, run_ms: 0, memory_bytes: 0 };
  const seen = answer.gone === 'late' ? lateEnd(CASE_LIMITS.timeout_ms) : reportEnd({ end, measure });
  return { ...seen, problems: [], calls: {} };
}
