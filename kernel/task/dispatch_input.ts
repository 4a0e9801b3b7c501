import type { Json, JsonObject } from '../json.ts';
import { localName } from '../reference/names.ts';
import { type ReferenceScope, resolveValue } from '../reference/resolve.ts';
import { workersOf } from './batch.ts';
import { compiledOf, type Resume, type StepState, stepNamed, type TaskState } from './state.ts';

/** What a handler is given, references filled in. */
export interface DispatchInput {
  readonly config: Json;
  readonly inputs: Json;
  readonly resume?: Resume;
}

/** Stands for a secret where only the shape of a value matters: as long as the real placeholders. */
const ANY_SECRET = `weft-secret-${'0'.repeat(32)}`;

/**
 * The config and inputs of a step from the results recorded so far: the same at every dispatch, since results never
 * change. `secret` gives the placeholder that stands for a secret; its value never comes here.
 */
export function resolveDispatch(
  state: TaskState,
  step: StepState,
  secret: (name: string) => string = () => ANY_SECRET,
): DispatchInput {
  const compiled = compiledOf(state, step);
  const scope: ReferenceScope = {
    context: state.head.context,
    taskId: state.head.id,
    step: (name) => {
      const found = stepNamed(state, name);
      return found === undefined
        ? undefined
        : { status: found.status, result: found.result ?? null, error: errorOf(found) };
    },
    results: (name) => {
      const batch = stepNamed(state, name);
      return batch?.batch === undefined ? undefined : resultsOf(state, batch);
    },
    plan: (name) => stepNamed(state, name)?.result,
    ...(step.share === undefined ? {} : { batch: step.share }),
    secret,
  };
  return {
    config: resolveValue(compiled.config, scope),
    inputs:
      compiled.definition.inputs === undefined ? defaultInputs(state, step) : resolveValue(compiled.inputs, scope),
    ...(step.resume === undefined ? {} : { resume: step.resume }),
  };
}

/**
 * The inputs of a step that names none: each dependency's result under its name, null for one that failed and was let
 * pass, all results of a batch; for a worker its item and index.
 */
function defaultInputs(state: TaskState, step: StepState): JsonObject {
  if (step.share !== undefined) return { ...step.share };
  const inputs: Record<string, Json> = {};
  for (const id of step.dependencies) {
    const dependency = state.steps.get(id)!;
    inputs[localName(dependency.name)] =
      dependency.batch === undefined ? (dependency.result ?? null) : resultsOf(state, dependency);
  }
  return inputs;
}

/** What became of a batch, by index: `{index, status, result}` or `{index, status, error}`. */
export function resultsOf(state: TaskState, batch: StepState): readonly JsonObject[] {
  return [...workersOf(state, batch)].map((worker, index) => {
    const { status, result } = worker;
    return result === undefined ? { index, status, error: errorOf(worker) } : { index, status, result };
  });
}

function errorOf(step: StepState): Json {
  if (step.status !== 'error' || step.failure === undefined) return null;
  const { code, message, details } = step.failure;
  return { code, message, ...(details === undefined ? {} : { details }) };
}
