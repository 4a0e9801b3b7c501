import type { Executor, StepRun } from '../host/sandbox/port.ts';
import type { Capability, CatalogEntry } from '../kernel/capability/types.ts';
import type { Json } from '../kernel/json.ts';
import type { Outcome } from '../kernel/task/commands.ts';

/** A handler that runs in this process: the engine's own cost, without a sandbox. */
export interface NativeHandler {
  readonly name: string;
  /** @throws whatever it likes: the step fails with code `native` */
  run(step: StepRun): Outcome | Promise<Outcome>;
}

const OPEN = { type: 'object' } as const;
const MEASURE = { queue_ms: 0, instantiate_ms: 0, run_ms: 0, memory_bytes: 0, cell_pid: process.pid };

/** What `startWeft` takes in place of cells. */
export function nativeHandlers(
  handlers: readonly NativeHandler[],
  capacity: number,
): { readonly executor: Executor; readonly handlers: readonly CatalogEntry[] } {
  const byDigest = new Map(handlers.map((handler) => [digestOf(handler), handler]));
  const executor: Executor = {
    capacity,
    has: (digest) => byDigest.has(digest),
    async run(run) {
      try {
        return { kind: 'outcome', outcome: await byDigest.get(run.digest)!.run(run), measure: MEASURE };
      } catch (error) {
        const failure = { code: 'native', message: (error as Error).message, retryable: false };
        return { kind: 'failure', failure, measure: MEASURE };
      }
    },
    close: async () => undefined,
  };
  return { executor, handlers: handlers.map((handler) => ({ ...capabilityOf(handler), digest: digestOf(handler) })) };
}

/** Completes with its inputs. */
export const noop: NativeHandler = {
  name: 'noop',
  run: ({ inputs }) => ({ kind: 'complete', result: inputs as Json }),
};

function digestOf({ name }: NativeHandler): string {
  return `native:${name}`;
}

function capabilityOf({ name }: NativeHandler): Pick<CatalogEntry, 'name' | 'version' | 'capability'> {
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
  };
  return { name, version: capability.version, capability };
}
