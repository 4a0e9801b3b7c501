import type { Json, JsonObject } from '../../kernel/json.ts';
import { pointerToken } from '../../kernel/schema/pointer.ts';
import type { StepView, TaskView } from '../orchestrator/port.ts';
import type { Given } from './mock_executor.ts';
import type { ExpectedStep, TemplateTest } from './test_file.ts';

/** Something that is not as expected; the pointer leads into the test file. */
export interface Mismatch {
  readonly pointer: string;
  readonly expected: Json | undefined;
  /** Undefined where there is nothing. */
  readonly got: Json | undefined;
}

/** Everything that is not as the test expects it. */
export function compareTask(
  { expect }: TemplateTest,
  task: TaskView,
  given: ReadonlyMap<string, Given>,
): readonly Mismatch[] {
  return [
    ...compare(expect.status, task.status, '/expect/status'),
    ...Object.entries(expect.steps).flatMap(([name, expected]) => {
      const step = task.steps.find((each) => each.name === name);
      return compareStep(expected, step, given.get(name), `/expect/steps/${pointerToken(name)}`);
    }),
  ];
}

function compareStep(
  expected: ExpectedStep,
  step: StepView | undefined,
  given: Given | undefined,
  pointer: string,
): readonly Mismatch[] {
  if (step === undefined) {
    return expected.status === 'absent' ? [] : [{ pointer, expected: expected as JsonObject, got: 'absent' }];
  }
  const { status, attempt, result, branch, failure } = step;
  const got: JsonObject = { status, attempt, result, branch: branch === null ? null : [...branch], failure, ...given };
  return compare(expected as JsonObject, got, pointer);
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
