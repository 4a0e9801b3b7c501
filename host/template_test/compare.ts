import type { Json, JsonObject } from '../../kernel/json.ts';
import { pointerToken } from '../../kernel/schema/pointer.ts';
import type { BatchItem } from '../../kernel/task/events.ts';
import type { StepView, TaskView } from '../orchestrator/port.ts';
import type { Given } from './mock_executor.ts';
import { isNamed } from './script.ts';
import { templateStepOf } from './shares.ts';
import type { ExpectedStep, ExpectedWorker, TemplateTest } from './test_file.ts';

/** Something that is not as expected; the pointer leads into the test file. */
export interface Mismatch {
  readonly pointer: string;
  readonly expected: Json | undefined;
  /** Undefined where there is nothing. */
  readonly got: Json | undefined;
  /** Of a worker: its name, since an entry may name several. */
  readonly step?: string;
}

/** What is known besides the task: what handlers were given, by step name, and the shares of workers, by step id. */
export interface Background {
  readonly given: ReadonlyMap<string, Given>;
  readonly shares: ReadonlyMap<string, BatchItem>;
}

/** Everything that is not as the test expects it. */
export function compareTask({ expect }: TemplateTest, task: TaskView, background: Background): readonly Mismatch[] {
  return [
    ...compare(expect.status, task.status, '/expect/status'),
    ...(expect.ran === undefined ? [] : compareRan(expect.ran, task)),
    ...Object.entries(expect.steps).flatMap(([name, expected]) => {
      const step = task.steps.find((each) => each.name === name);
      const pointer = `/expect/steps/${pointerToken(name)}`;
      if (step === undefined) {
        return expected.status === 'absent' ? [] : [{ pointer, expected: expected as JsonObject, got: 'absent' }];
      }
      const { workers, results, counts, ...own } = expected;
      const ofBatch = { ...(workers === undefined ? {} : { workers }), ...(results === undefined ? {} : { results }) };
      return [
        ...compare(own as JsonObject, seen(step, background), pointer),
        ...compareBatch({ ...ofBatch, ...(counts === undefined ? {} : { counts }) }, workersOf(name, task), {
          background,
          pointer,
        }),
      ];
    }),
  ];
}

/** A step as expectations see it. */
function seen({ name, status, attempt, result, branch, failure }: StepView, { given }: Background): JsonObject {
  return { status, attempt, result, branch: branch === null ? null : [...branch], failure, ...given.get(name) };
}

function compareRan(expected: readonly string[], task: TaskView): readonly Mismatch[] {
  const ran = new Set(task.steps.filter(({ attempt }) => attempt > 0).map(({ name }) => templateStepOf(name)));
  const missing = expected.flatMap((name, index) =>
    ran.has(name) ? [] : [{ pointer: `/expect/ran/${index}`, expected: name, got: 'not started' }],
  );
  const more = [...ran].filter((name) => !expected.includes(name));
  return more.length === 0 ? missing : [...missing, { pointer: '/expect/ran', expected: [...expected], got: [...ran] }];
}

function workersOf(name: string, { steps }: TaskView): readonly StepView[] {
  return steps.filter((step) => step.name !== name && templateStepOf(step.name) === name);
}

function compareBatch(
  { workers = [], results, counts }: Pick<ExpectedStep, 'workers' | 'results' | 'counts'>,
  all: readonly StepView[],
  { background, pointer }: { readonly background: Background; readonly pointer: string },
): readonly Mismatch[] {
  const many: Record<string, number> = { total: all.length };
  for (const { status } of all) many[status] = (many[status] ?? 0) + 1;
  const counted = Object.entries(counts ?? {}).flatMap(([status, expected]) =>
    compare(expected, many[status] ?? 0, `${pointer}/counts/${status}`),
  );
  const ofEach = workers.flatMap((expected, at) =>
    compareWorkers(expected, all, background, `${pointer}/workers/${at}`),
  );
  const listed = results === undefined ? [] : compare([...results], all.map(resultOf), `${pointer}/results`);
  return [...counted, ...ofEach, ...listed];
}

function compareWorkers(
  { index, item, ...expected }: ExpectedWorker,
  all: readonly StepView[],
  background: Background,
  pointer: string,
): readonly Mismatch[] {
  const name = { ...(index === undefined ? {} : { index }), ...(item === undefined ? {} : { item }) };
  const named = all.filter(({ step_id }) => isNamed(name, background.shares.get(step_id)!));
  if (named.length === 0) return [{ pointer, expected: name as JsonObject, got: `none of ${all.length} workers` }];
  return named.flatMap((worker) =>
    compare(expected as JsonObject, seen(worker, background), pointer).map((each) => ({ ...each, step: worker.name })),
  );
}

/** What steps after a batch see of a worker. */
function resultOf({ status, result, failure }: StepView, index: number): JsonObject {
  if (status === 'complete' || status === 'resolved_manually') return { index, status, result };
  const { retryable: _, ...error } = failure ?? {};
  return { index, status, error: status === 'error' ? error : null };
}

/** Whether a value is as expected, in the sense of `compareTask`. */
export function meets(expected: Json, got: Json): boolean {
  return compare(expected, got, '').length === 0;
}

/** Of objects the keys that are expected, of lists every item; all else must be equal. */
function compare(expected: Json, got: Json | undefined, pointer: string): readonly Mismatch[] {
  if (Array.isArray(expected) && Array.isArray(got)) {
    const length = Math.max(expected.length, got.length);
    return Array.from({ length }, (_, index) => compareAt(expected[index], got[index], `${pointer}/${index}`)).flat();
  }
  if (isObject(expected) && isObject(got)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      compareAt(value, Object.hasOwn(got, key) ? got[key] : undefined, `${pointer}/${pointerToken(key)}`),
    );
  }
  return expected === got ? [] : [{ pointer, expected, got }];
}

function compareAt(expected: Json | undefined, got: Json | undefined, pointer: string): readonly Mismatch[] {
  return expected === undefined ? [{ pointer, expected, got }] : compare(expected, got, pointer);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
