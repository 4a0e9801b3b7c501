import { pointerToken } from '../../kernel/schema/pointer.ts';
import type { BatchItem } from '../../kernel/task/events.ts';
import { meets } from './compare.ts';
import { type NamedStep, type Shares, templateStepOf } from './shares.ts';
import type { CannedOutcome, CannedSignal, TemplateTest, WorkerName } from './test_file.ts';

/** What happens at one step or worker; of a worker what its entry says, and for the rest what its batch does. */
export interface Script {
  readonly outcomes?: readonly CannedOutcome[];
  readonly signals: readonly CannedSignal[];
  /** Where its signals are written. */
  readonly signals_pointer: string;
  /** Position of the entry of `workers` that it follows. */
  readonly entry?: number;
}

/** What a test says of a step; of the entries for workers the first that names it counts. */
export function scriptOf(test: TemplateTest, name: string, share: BatchItem | undefined): Script {
  const step = templateStepOf(name);
  const { outcomes, signals, workers = [] } = test.steps[step] ?? {};
  const pointer = `/steps/${pointerToken(step)}`;
  const at = share === undefined ? -1 : workers.findIndex((worker) => isNamed(worker, share));
  const own = workers[at];
  const given = own?.outcomes ?? outcomes;
  return {
    ...(given === undefined ? {} : { outcomes: given }),
    signals: own?.signals ?? signals ?? [],
    signals_pointer: own?.signals === undefined ? `${pointer}/signals` : `${pointer}/workers/${at}/signals`,
    ...(own === undefined ? {} : { entry: at }),
  };
}

/** Whether an entry is of this worker; with an index and an item it must be of both. */
export function isNamed({ index, item }: WorkerName, share: BatchItem): boolean {
  const indexes = index === undefined ? undefined : [index].flat();
  return (indexes?.includes(share.index) ?? true) && (item === undefined || meets(item, share.item));
}

/** Entries for workers that none follows, though there are workers: misspelt, or behind one that names the same. */
export async function unusedEntries(
  test: TemplateTest,
  steps: readonly NamedStep[],
  shares: Shares,
): Promise<readonly { readonly pointer: string; readonly message: string }[]> {
  const found = [];
  for (const [name, { workers = [] }] of Object.entries(test.steps)) {
    const own = steps.filter((step) => step.name !== name && templateStepOf(step.name) === name);
    const used = new Set<number | undefined>();
    const named = new Set<number>();
    for (const step of own) {
      const share = (await shares.of(step))!;
      used.add(scriptOf(test, step.name, share).entry);
      for (const [at, worker] of workers.entries()) if (isNamed(worker, share)) named.add(at);
    }
    for (const at of workers.keys()) {
      if (used.has(at)) continue;
      const why = named.has(at)
        ? 'every worker it names follows an entry before it'
        : `it names none of the ${own.length} workers of "${name}"`;
      found.push({ pointer: `/steps/${pointerToken(name)}/workers/${at}`, message: `the entry is not used: ${why}` });
    }
  }
  return found;
}
