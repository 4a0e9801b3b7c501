import type { Json, JsonObject } from '../json.ts';
import { isObject } from '../schema/walk.ts';
import { STEP_DEFAULTS } from '../template/defaults.ts';
import { parseHandlerReference } from '../template/handler_reference.ts';
import type { EgressRule, StepType } from '../template/types.ts';
import type { Review, ReviewedStep } from './review.ts';

const STEP_TYPES: ReadonlySet<Json> = new Set<StepType>([
  'standard',
  'decision',
  'deferred',
  'batchable',
  'batch_worker',
  'planning',
]);

/** Reads what can be read of a bounded document, whatever the schema has against the rest of it. Total. */
export function readReview(document: Json): Review {
  const { name, namespace, input_schema, catalog, egress, secrets, steps } = objectOf(document) ?? {};
  return {
    document,
    name: textOf(name),
    namespace: textOf(namespace),
    input_schema: objectOf(input_schema),
    catalog: Array.isArray(catalog) ? textsOf(catalog) : undefined,
    egress: listOf(egress).filter((rule) => typeof objectOf(rule)?.['host'] === 'string') as unknown as EgressRule[],
    secrets: textsOf(secrets),
    steps: listOf(steps).flatMap((step, index) => (isObject(step) ? [readStep(step, index)] : [])),
  };
}

function readStep(step: JsonObject, index: number): ReviewedStep {
  const pointer = `/steps/${index}`;
  const { name, type = STEP_DEFAULTS.type, handler, inputs, dependencies, max_items, goal } = step;
  const { catalog, config = {} } = objectOf(handler) ?? {};
  return {
    index,
    pointer,
    name: textOf(name),
    type: STEP_TYPES.has(type) ? (type as StepType) : undefined,
    handler: typeof catalog === 'string' ? parseHandlerReference(catalog) : undefined,
    entry: undefined,
    config: objectOf(config),
    goal: type === 'planning' ? textOf(goal) : undefined,
    inputs: objectOf(inputs),
    dependencies: listOf(dependencies).flatMap((dependency, at) =>
      typeof dependency === 'string' ? [{ name: dependency, pointer: `${pointer}/dependencies/${at}` }] : [],
    ),
    max_items: typeof max_items === 'number' ? max_items : undefined,
    references: [],
  };
}

const textOf = (value: Json | undefined) => (typeof value === 'string' ? value : undefined);
const objectOf = (value: Json | undefined) => (isObject(value) ? value : undefined);
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const textsOf = (value: Json | undefined) => listOf(value).filter((item) => typeof item === 'string');
