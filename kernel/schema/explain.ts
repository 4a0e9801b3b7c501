import type { ErrorObject } from 'ajv';
import { explainAlternatives, type Finding } from './alternatives.ts';
import { describeFailure } from './describe_failure.ts';
import { isAtOrBelow } from './pointer.ts';
import type { SchemaProblem } from './problem.ts';
import { createReach, type Reach } from './reach.ts';
import type { Schema } from './walk.ts';

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
  const reach = createReach(root);
  for (const error of errors) {
    const parts = JUDGE_BY_PARTS.has(error.keyword) ? takeParts(findings, error, reach) : [];
    if (unknown.some((pointer) => isAtOrBelow(error.instancePath, pointer))) continue;
    const open = unknown.some((pointer) => isAtOrBelow(pointer, error.instancePath));
    if (open && JUDGE_THE_WHOLE.has(error.keyword)) continue;
    findings.push(...explainOne(error, { parts, open, reach }));
  }
  return findings.map((finding) => finding.problem);
}

/** What an error comes to: `parts` are what its subschemas found, `open` whether something in the value is unknown. */
function explainOne(
  error: ErrorObject,
  { parts, open, reach }: { readonly parts: readonly Finding[]; readonly open: boolean; readonly reach: Reach },
): readonly Finding[] {
  switch (error.keyword) {
    case 'if':
      // The errors of `then` or `else` say it better.
      return parts;
    case 'propertyNames': {
      const why = parts[0]?.problem.message ?? 'is not allowed';
      const message = `the key ${JSON.stringify(error.params['propertyName'])} ${why}`;
      return [{ problem: { ...describeFailure(error), message }, error }];
    }
    case 'anyOf':
    case 'oneOf': {
      const branches = byBranch(parts, error, reach);
      const mayHold = branches.some((branch) => branch.length === 0);
      if (!mayHold) return explainAlternatives(branches, error);
      if (open) return [];
    }
  }
  return [{ problem: describeFailure(error), error }];
}

/** Takes the findings off that trying the parts of `error`'s keyword left at the end of the list. */
function takeParts(findings: Finding[], error: ErrorObject, reach: Reach): Finding[] {
  const parts = partsOf(error);
  const isPart = (finding: Finding) =>
    isAtOrBelow(finding.error.instancePath, error.instancePath) &&
    parts.some((part) => reach(part).has(schemaOf(finding)));
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
