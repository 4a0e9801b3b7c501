import { sandboxFailure } from '../host/sandbox/failures.ts';
import type { Executor, RunEnd, StepRun } from '../host/sandbox/port.ts';
import type { Capability, CatalogEntry } from '../kernel/capability/types.ts';
import type { Json } from '../kernel/json.ts';
import type { Outcome } from '../kernel/task/commands.ts';
import type { Failure } from '../kernel/task/events.ts';

/** A handler that runs in this process: the engine's own cost, without a sandbox. */
export interface NativeHandler {
  readonly name: string;
  /** What it says of itself besides its name; it accepts everything when absent. */
  readonly capability?: Partial<Capability>;
  /** @throws StepFailure with how it fails; anything else fails the step with code `native` */
  run(step: StepRun): Outcome | Promise<Outcome>;
}

/** How a native handler fails. */
export class StepFailure extends Error {
  readonly failure: Failure;

  constructor(failure: Partial<Failure> = {}) {
    const whole = { code: 'native', message: 'it failed', retryable: false, ...failure };
    super(whole.message);
    this.failure = whole;
  }
}

const OPEN = { type: 'object' } as const;
const MEASURE = { queue_ms: 0, instantiate_ms: 0, run_ms: 0, memory_bytes: 0, cell_pid: process.pid };

/** What `startWeft` takes in place of cells. Runs end at their timeout and when they are aborted, as in a cell. */
export function nativeHandlers(
  handlers: readonly NativeHandler[],
  capacity: number,
): { readonly executor: Executor; readonly handlers: readonly CatalogEntry[] } {
  const byDigest = new Map(handlers.map((handler) => [digestOf(handler), handler]));
  const executor: Executor = {
    capacity,
    has: (digest) => byDigest.has(digest),
    run: (run) =>
      new Promise<RunEnd>((resolve) => {
        const end = (ended: { outcome: Outcome } | { failure: Failure }): void => {
          clearTimeout(timer);
          resolve(
            'outcome' in ended
              ? { kind: 'outcome', ...ended, measure: MEASURE }
              : { kind: 'failure', ...ended, measure: MEASURE },
          );
        };
        const timer = setTimeout(() => end({ failure: sandboxFailure('timeout') }), run.limits.timeout_ms);
        run.signal.addEventListener('abort', () => end({ failure: sandboxFailure('cancelled') }));
        perform(byDigest.get(run.digest)!, run).then(end);
      }),
    close: async () => undefined,
  };
  return { executor, handlers: handlers.map((handler) => ({ ...capabilityOf(handler), digest: digestOf(handler) })) };
}

/** Completes with its inputs. */
export const noop: NativeHandler = {
  name: 'noop',
  run: ({ inputs }) => ({ kind: 'complete', result: inputs as Json }),
};

async function perform(handler: NativeHandler, run: StepRun): Promise<{ outcome: Outcome } | { failure: Failure }> {
  try {
    return { outcome: await handler.run(run) };
  } catch (error) {
    const thrown = error instanceof StepFailure ? error : new StepFailure({ message: (error as Error).message });
    return { failure: thrown.failure };
  }
}

function digestOf({ name }: NativeHandler): string {
  return `native:${name}`;
}

function capabilityOf({ name, capability: own }: NativeHandler): Pick<CatalogEntry, 'name' | 'version' | 'capability'> {
  const capability: Capability = {
    name,
    version: '1.0.0',
    title: name,
    description: 'Runs in the host process.',
    category: 'test',
    configSchema: OPEN,
    inputSchema: OPEN,
    outputSchema: {},
    annotations: {},
    errors: [],
    imports: [],
    resources: { network: false, typicalLatencyMs: 0, memoryMb: 0, costPerCallUsd: 0 },
    composition: { usedWith: [], examples: [] },
    ...own,
  };
  return { name, version: capability.version, capability };
}
