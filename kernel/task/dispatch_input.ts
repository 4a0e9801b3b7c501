import type { Json, JsonObject } from '../json.ts';
import { type ReferenceScope, resolveValue } from '../reference/resolve.ts';
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
    secret,
  };
  return {
    config: resolveValue(compiled.config, scope),
    inputs:
      compiled.definition.inputs === undefined
        ? resultsOfDependencies(state, step)
        : resolveValue(compiled.inputs, scope),
    ...(step.resume === undefined ? {} : { resume: step.resume }),
  };
}

/** The default inputs: each dependency's result under its name; null for one that failed and was let pass. */
function resultsOfDependencies(state: TaskState, step: StepState): JsonObject {
  const inputs: Record<string, Json> = {};
  for (const id of step.dependencies) {
    const dependency = state.steps.get(id)!;
    inputs[dependency.name] = dependency.result ?? null;
  }
  return inputs;
}

function errorOf(step: StepState): Json {
  if (step.status !== 'error' || step.failure === undefined) return null;
  const { code, message, details } = step.failure;
  return { code, message, ...(details === undefined ? {} : { details }) };
}
