import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Json } from '../../kernel/json.ts';
import type { Outcome } from '../../kernel/task/commands.ts';
import type { Failure } from '../../kernel/task/events.ts';
import type { Executor, RunEnd, StepRun } from '../sandbox/port.ts';
import { scriptOf } from './script.ts';
import type { Shares } from './shares.ts';
import type { CannedItems, CannedOutcome, TemplateTest } from './test_file.ts';

/** What a handler was given at its last run. */
export interface Given {
  readonly config: Json;
  readonly inputs: Json;
}

const MEASURE = { queue_ms: 0, instantiate_ms: 0, run_ms: 0, memory_bytes: 0, cell_pid: 0 };

/**
 * Ends attempts as the present test says. A step or worker without canned outcomes is run by its handler when that
 * needs no network, and fails with `not_mocked` otherwise: nothing leaves this machine.
 */
export class MockExecutor {
  #test: TemplateTest | undefined;
  readonly #entries: () => readonly CatalogEntry[];
  readonly #shares: Shares;
  /** By step name. */
  readonly given = new Map<string, Given>();

  constructor(entries: () => readonly CatalogEntry[], shares: Shares) {
    this.#entries = entries;
    this.#shares = shares;
  }

  /** From now on runs belong to this test. */
  begin(test: TemplateTest): void {
    this.#test = test;
    this.given.clear();
  }

  /** Comes before the executor that runs handlers. */
  readonly through = (sandbox: Executor): Executor => ({
    capacity: sandbox.capacity,
    has: (digest) => sandbox.has(digest),
    run: async (run) => this.#run(run, sandbox),
    close: () => sandbox.close(),
  });

  async #run(run: StepRun, sandbox: Executor): Promise<RunEnd> {
    const { task_id, step_id, step_name, attempt } = run.identity;
    const test = this.#test!;
    this.given.set(step_name, { config: run.config, inputs: run.inputs });
    const { outcomes } = scriptOf(test, step_name, await this.#shares.of({ task_id, step_id, name: step_name }));
    const entry = this.#entries().find(({ digest }) => digest === run.digest);
    if (outcomes === undefined) {
      if (entry?.capability.resources.network === false) return sandbox.run(run);
      return failed(notMocked(`"${entry?.name}" needs the network; write outcomes for step "${step_name}"`));
    }
    const outcome = outcomes[attempt - 1];
    if (outcome !== undefined) return ended(outcome, entry);
    const listed = `${outcomes.length} outcome${outcomes.length === 1 ? '' : 's'}`;
    return failed(notMocked(`attempt ${attempt} of step "${step_name}" has none of its ${listed} left`));
  }
}

function ended(canned: CannedOutcome, entry: CatalogEntry | undefined): RunEnd {
  if ('failure' in canned) {
    const { code } = canned.failure;
    const declared = entry?.capability.errors.find((each) => each.code === code);
    const retryable = declared?.retryable ?? false;
    return failed({ message: declared?.description ?? 'as the test says', retryable, ...canned.failure });
  }
  if ('items' in canned) return { kind: 'outcome', outcome: spread(canned), measure: MEASURE };
  const { result, branch: steps } = canned;
  const outcome =
    steps === undefined ? ({ kind: 'complete', result } as const) : ({ kind: 'branch', steps, result } as const);
  return { kind: 'outcome', outcome, measure: MEASURE };
}

/** What `fan_out` says of as many batches, unless the test says something else. */
function spread({ items, max_concurrency = 0, tolerance, result }: CannedItems): Outcome {
  const limits = { count: null, percentage: null, ...tolerance };
  const said = { batches: items.length, items: items.length, tolerance: limits };
  return { kind: 'batches', items, max_concurrency, result: result ?? said };
}

function failed(failure: Failure): RunEnd {
  return { kind: 'failure', failure, measure: MEASURE };
}

function notMocked(message: string): Failure {
  return { code: 'not_mocked', message, retryable: false };
}
