import type { ErrorObject } from 'ajv';
import type { Json } from '../json.ts';
import { describeFailure, mustBeTypes, mustBeValues } from './describe_failure.ts';
import { isAtOrBelow } from './pointer.ts';
import type { SchemaProblem } from './problem.ts';
import { children, followRef, isObject, type Schema } from './walk.ts';

/** A problem, with where ajv found it. */
interface Finding {
  readonly problem: SchemaProblem;
  /** Pointer of the value that was checked; a problem may point below it. */
  readonly instance: string;
  readonly error: ErrorObject;
}

/** These judge a value by all of its parts, so that one unknown part leaves the judgement open. */
const JUDGE_THE_WHOLE = new Set([
  'const',
  'enum',
  'not',
  'if',
  'contains',
  'uniqueItems',
  'unevaluatedProperties',
  'unevaluatedItems',
]);

/** These report after the errors of the schemas they tried. */
const JUDGE_BY_PARTS = new Set(['anyOf', 'oneOf', 'if', 'contains', 'propertyNames']);

/**
 * Turns ajv's errors (`allErrors`, `verbose`) into problems for people: failed alternatives become the problems of
 * the one that was evidently meant, or one problem that names them all. Problems that hang on the values at the
 * `unknown` pointers are left out. `root` is the schema the errors come from.
 */
export function explain(
  errors: readonly ErrorObject[],
  { root, unknown }: { readonly root: Schema; readonly unknown: readonly string[] },
): SchemaProblem[] {
  const findings: Finding[] = [];
  const reach = rememberReach(root);
  for (const error of errors) {
    const instance = error.instancePath;
    const found = (problem: SchemaProblem): Finding => ({ problem, instance, error });
    const parts = JUDGE_BY_PARTS.has(error.keyword) ? takeParts(findings, error, reach) : [];
    if (unknown.some((pointer) => isAtOrBelow(instance, pointer))) continue;
    const open = unknown.some((pointer) => isAtOrBelow(pointer, instance));
    if (open && JUDGE_THE_WHOLE.has(error.keyword)) continue;
    if (error.keyword === 'if') {
      // The errors of `then` or `else` say it better.
      findings.push(...parts);
    } else if (error.keyword === 'propertyNames') {
      const name = JSON.stringify(error.params['propertyName']);
      findings.push(
        found({
          ...describeFailure(error),
          message: `the key ${name} ${parts[0]?.problem.message ?? 'is not allowed'}`,
        }),
      );
    } else if (error.keyword === 'anyOf' || error.keyword === 'oneOf') {
      const branches = byBranch(parts, error, reach);
      const mayHold = branches.some((branch) => branch.length === 0);
      if (!mayHold) findings.push(...explainBranches(branches, error));
      else if (!open) findings.push(found(describeFailure(error)));
    } else {
      findings.push(found(describeFailure(error)));
    }
  }
  return findings.map((finding) => finding.problem);
}

/** Takes the findings off that trying the parts of `error`'s keyword left at the end of the list. */
function takeParts(findings: Finding[], error: ErrorObject, reach: Reach): Finding[] {
  const parts = partsOf(error);
  const isPart = (finding: Finding) =>
    isAtOrBelow(finding.instance, error.instancePath) && parts.some((part) => reach(part).has(schemaOf(finding)));
  let start = findings.length;
  while (start > 0 && isPart(findings[start - 1]!)) start--;
  return findings.splice(start);
}

const schemaOf = (finding: Finding) => finding.error.parentSchema as Schema;

/** The schemas whose errors come before this one. */
function partsOf(error: ErrorObject): readonly Schema[] {
  if (error.keyword !== 'if') return [error.schema as Schema | readonly Schema[]].flat();
  const { then, else: otherwise } = error.parentSchema as { then?: Schema; else?: Schema };
  return [then, otherwise].filter((part) => part !== undefined);
}

/** The findings of each branch: ajv tries them in order. */
function byBranch(parts: readonly Finding[], error: ErrorObject, reach: Reach): Finding[][] {
  const schemas = partsOf(error);
  const branches: Finding[][] = schemas.map(() => []);
  let current = 0;
  for (const part of parts) {
    const next = schemas.findIndex((branch, index) => index >= current && reach(branch).has(schemaOf(part)));
    if (next >= 0) current = next;
    branches[current]?.push(part);
  }
  return branches;
}

/** Every schema that checking a value against one can come to. */
type Reach = (schema: Schema) => ReadonlySet<Schema>;

function rememberReach(root: Schema): Reach {
  const known = new Map<Schema, ReadonlySet<Schema>>();
  return (schema) => {
    const reached = known.get(schema) ?? reachOf(schema, root);
    known.set(schema, reached);
    return reached;
  };
}

function reachOf(start: Schema, root: Schema): ReadonlySet<Schema> {
  const reached = new Set<Schema>();
  const pending: (Schema | undefined)[] = [start];
  while (pending.length > 0) {
    const schema = pending.pop();
    if (schema === undefined || reached.has(schema)) continue;
    reached.add(schema);
    if (!isObject(schema)) continue;
    for (const child of children(schema)) pending.push(child.schema);
    if (typeof schema['$ref'] === 'string') pending.push(followRef(root, schema['$ref']));
  }
  return reached;
}

/** What to say when every branch failed: each of `branches` has a finding. */
function explainBranches(branches: readonly (readonly Finding[])[], error: ErrorObject): readonly Finding[] {
  const { instancePath: instance, keyword } = error;
  const data = error.data as Json;
  const types = branches.map((branch) =>
    branch.find((part) => part.instance === instance && part.error.keyword === 'type'),
  );
  // A branch for another type was not meant.
  const fitting = branches.filter((_, index) => types[index] === undefined);
  if (fitting.length === 0) {
    const names = types.flatMap((part) => part!.error.params['type'] as string | string[]);
    return [{ problem: mustBeTypes(instance, keyword, names, data), instance, error }];
  }
  if (fitting.length === 1) return fitting[0]!;
  // Nor was one for another value of the property that tells the branches apart.
  const tags = fitting.map((branch) => branch.find((part) => isTag(part, instance)));
  const meant = fitting.filter((_, index) => tags[index] === undefined);
  if (meant.length === 1) return meant[0]!;
  const [tag] = tags;
  if (tag !== undefined && tags.every((other) => other?.instance === tag.instance)) {
    const values = tags.flatMap((other) => valuesOf(other!.error));
    return [{ ...tag, problem: mustBeValues(tag.instance, keyword, values, tag.error.data as Json) }];
  }
  const reasons = new Set(fitting.map((branch) => `${place(branch[0]!, instance)}${branch[0]!.problem.message}`));
  const message = `fits none of the alternatives: ${[...reasons].slice(0, REASONS_MAX).join('; or ')}`;
  return [{ problem: { pointer: instance, keyword, message }, instance, error }];
}

const REASONS_MAX = 4;

/** Whether the value, or a property directly in it, is not the one a branch is for. */
function isTag({ instance, error }: Finding, pointer: string): boolean {
  if (instance === pointer) return error.keyword === 'const' || error.keyword === 'enum';
  return error.keyword === 'const' && instance.lastIndexOf('/') === pointer.length;
}

const valuesOf = ({ keyword, schema }: ErrorObject): readonly Json[] =>
  keyword === 'enum' ? (schema as readonly Json[]) : [schema as Json];

/** Where below `instance` a problem is. */
function place({ problem }: Finding, instance: string): string {
  return problem.pointer === instance ? '' : `${problem.pointer.slice(instance.length)} `;
}
