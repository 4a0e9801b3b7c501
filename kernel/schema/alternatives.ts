import type { ErrorObject } from 'ajv';
import type { Json } from '../json.ts';
import { mustBeTypes, mustBeValues } from './describe_failure.ts';
import type { SchemaProblem } from './problem.ts';

/** A problem, and the error of ajv it was made from. */
export interface Finding {
  readonly problem: SchemaProblem;
  readonly error: ErrorObject;
}

/** So many reasons are given when no alternative was evidently meant. */
const REASONS_MAX = 4;

/**
 * What to say when every branch of an `anyOf` or `oneOf` failed: the findings of the one branch that was evidently
 * meant, or one finding that names all alternatives. `branches` are the findings of each branch, none without.
 */
export function explainAlternatives(branches: readonly (readonly Finding[])[], error: ErrorObject): readonly Finding[] {
  const { instancePath: pointer, keyword } = error;
  const data = error.data as Json;
  // A branch for another type was not meant.
  const types = branches.map((branch) => branch.find((finding) => isType(finding.error, pointer)));
  const fitting = branches.filter((_, index) => types[index] === undefined);
  if (fitting.length === 0) {
    const names = types.flatMap((finding) => finding!.error.params['type'] as string | string[]);
    return [{ problem: mustBeTypes(pointer, keyword, names, data), error }];
  }
  if (fitting.length === 1) return fitting[0]!;
  // Nor was one for another value of the property that tells the branches apart.
  const tags = fitting.map((branch) => branch.find((finding) => isTag(finding.error, pointer)));
  const meant = fitting.filter((_, index) => tags[index] === undefined);
  if (meant.length === 1) return meant[0]!;
  const [tag] = tags;
  if (tag !== undefined && tags.every((other) => other?.error.instancePath === tag.error.instancePath)) {
    const values = tags.flatMap((other) => valuesOf(other!.error));
    return [{ ...tag, problem: mustBeValues(tag.error.instancePath, keyword, values, tag.error.data as Json) }];
  }
  const reasons = new Set(fitting.map(([first]) => `${place(first!.problem, pointer)}${first!.problem.message}`));
  const message = `fits none of the alternatives: ${[...reasons].slice(0, REASONS_MAX).join('; or ')}`;
  return [{ problem: { pointer, keyword, message }, error }];
}

const isType = ({ instancePath, keyword }: ErrorObject, pointer: string) =>
  keyword === 'type' && instancePath === pointer;

/** Whether the value, or a property directly in it, is not the one that a branch is for. */
function isTag({ instancePath, keyword }: ErrorObject, pointer: string): boolean {
  if (instancePath === pointer) return keyword === 'const' || keyword === 'enum';
  return keyword === 'const' && instancePath.lastIndexOf('/') === pointer.length;
}

const valuesOf = ({ keyword, schema }: ErrorObject): readonly Json[] =>
  keyword === 'enum' ? (schema as readonly Json[]) : [schema as Json];

/** Where below the value a problem is. */
const place = ({ pointer }: SchemaProblem, from: string) => (pointer === from ? '' : `${pointer.slice(from.length)} `);
