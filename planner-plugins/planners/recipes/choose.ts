import {
  compileValue,
  type Json,
  type JsonObject,
  type PlanContextItem,
  PlannerFailure,
} from '../../../kernel/index.ts';

/** A plan that somebody wrote, and when it is the right one. */
export interface Recipe {
  readonly name: string;
  /** All must hold; one without conditions always fits. */
  readonly when?: readonly Condition[];
  readonly fragment: JsonObject;
}

/** A question to one value of the context. Data only: nothing in it is evaluated. */
export interface Condition {
  /** As in a reference without its braces: `task.context.kind`, `steps.fetch.result.rows[0]`. */
  readonly field: string;
  readonly operator: Operator;
  /** What the field is held against; `exists` and `absent` take none. */
  readonly value?: Json;
}

export const OPERATORS = [
  'equals',
  'not_equals',
  'in',
  'contains',
  'greater_than',
  'less_than',
  'exists',
  'absent',
] as const;

export type Operator = (typeof OPERATORS)[number];

/** The first recipe whose conditions all hold. @throws PlannerFailure when a value is not in the context whole */
export function choose(recipes: readonly Recipe[], context: readonly PlanContextItem[]): Recipe | undefined {
  return recipes.find(({ when = [] }) => when.every((condition) => holds(condition, context)));
}

function holds({ field, operator, value = null }: Condition, context: readonly PlanContextItem[]): boolean {
  const found = lookUp(field, context);
  switch (operator) {
    case 'equals':
      return isSame(found, value);
    case 'not_equals':
      return !isSame(found, value);
    case 'in':
      return Array.isArray(value) && value.some((each) => isSame(found, each));
    case 'contains':
      if (typeof found === 'string') return typeof value === 'string' && found.includes(value);
      return Array.isArray(found) && found.some((each) => isSame(each, value));
    case 'greater_than':
      return typeof found === 'number' && typeof value === 'number' && found > value;
    case 'less_than':
      return typeof found === 'number' && typeof value === 'number' && found < value;
    case 'exists':
      return found !== undefined && found !== null;
    case 'absent':
      return found === undefined || found === null;
  }
}

/** The value of a field; undefined when the context has no such thing. */
function lookUp(field: string, context: readonly PlanContextItem[]): Json | undefined {
  const { compiled } = compileValue(`\${${field}}`);
  if (compiled.kind !== 'reference') return undefined;
  const { root, path } = compiled.reference;
  const name =
    root.kind === 'task_context'
      ? 'task.context'
      : root.kind === 'step'
        ? `steps.${root.step}.${root.part}`
        : undefined;
  const item = context.find(({ reference }) => reference === name);
  if (item === undefined) return undefined;
  if (item.form !== 'verbatim') {
    throw new PlannerFailure({
      code: 'recipe_context_incomplete',
      message: `a condition asks for ${field}, but ${item.reference} is given as a ${item.form} only; write "context_strategy: full"`,
      retryable: false,
    });
  }
  let at: Json | undefined = item.value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at) !== (typeof key === 'number')) return undefined;
    at = Object.hasOwn(at, key) ? (at as JsonObject)[key] : undefined;
  }
  return at;
}

/** Whether two values are the same JSON, whatever the order of their keys. */
function isSame(a: Json | undefined, b: Json | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame((a as JsonObject)[key], (b as JsonObject)[key]))
  );
}
