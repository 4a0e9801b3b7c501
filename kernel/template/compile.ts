import type { Diagnostic } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import { compileValue } from '../reference/parse.ts';
import { canonicalJson } from '../schema/canonical.ts';
import { pointerOf } from '../schema/pointer.ts';
import { type TemplateEnvironment, validateTemplate } from '../validation/validate.ts';
import { withDefaults } from './defaults.ts';
import { parseHandlerReference } from './handler_reference.ts';
import type {
  CompiledStep,
  CompiledTemplate,
  CompiledValue,
  HandlerReference,
  StepDefinition,
  Template,
} from './types.ts';

/** What compiling a template needs: what validating it does, and a hash. */
export interface CompileEnvironment extends TemplateEnvironment {
  /** `sha256:<hex>` of a text's UTF-8. */
  digest(canonical: string): string;
}

/**
 * Validates a template and lays it out. `compiled` is absent when there are errors; warnings do not stand in the way.
 * The template in it has its defaults filled in, and with it alone `compileTrusted` gives the same again.
 */
export function compileTemplate(
  document: Json,
  env: CompileEnvironment,
): { readonly compiled?: CompiledTemplate; readonly diagnostics: readonly Diagnostic[] } {
  const { diagnostics, valid } = validateTemplate(document, env);
  if (valid === undefined) return { diagnostics };
  const template = withDefaults(valid.document, valid.literals);
  const digest = env.digest(canonicalJson(template as unknown as JsonObject));
  return { compiled: compileTrusted(template, digest), diagnostics };
}

/**
 * Lays out a template that passed every check when it was stored: what `compileTemplate` gave as `template`, with the
 * digest it was stored under. Needs no catalog, so a journal folds the same whatever is registered now. O(V + E).
 *
 * Which steps exist is settled so:
 *  - A step is *gated* when it depends on a decision, directly or through others. One that is not exists from the
 *    start of the task.
 *  - A gated step that is not deferred is created once all its dependencies are, and every decision it directly
 *    depends on has named it. It is absent as soon as one of these can no longer come true.
 *  - A gated deferred step is settled once each of its dependencies is created or absent: created, waiting for those
 *    that exist, or absent when none does. No decision names it.
 */
export function compileTrusted(stored: Template | JsonObject, digest: string): CompiledTemplate {
  const template = stored as Template;
  const index_of = new Map(template.steps.map((step, index) => [step.name, index]));
  return { digest, template, steps: compileSteps(template.steps), index_of };
}

/** Lays steps out that passed every check, edges and indexes among themselves: of a template, or of a plan. O(V + E). */
export function compileSteps(definitions: readonly StepDefinition[]): readonly CompiledStep[] {
  const index_of = new Map(definitions.map((step, index) => [step.name, index]));
  const dependencies = definitions.map((step) => step.dependencies.map((name) => index_of.get(name)!));
  const dependents = invert(dependencies);
  const gated = gatedSteps(definitions, dependents);
  return definitions.map((definition, index): CompiledStep => {
    const { name, range } = parseHandlerReference(definition.handler.catalog);
    return {
      index,
      definition,
      handler_name: name,
      handler_range: range,
      dependencies: dependencies[index]!,
      dependents: dependents[index]!,
      gated: gated.has(index),
      config: compileConfig(definition.handler),
      inputs: compileValue(definition.inputs ?? {}).compiled,
    };
  });
}

/** For each node, those that point to it, in order. */
function invert(edges: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const inverted: number[][] = edges.map(() => []);
  for (const [from, targets] of edges.entries()) for (const to of targets) inverted[to]!.push(from);
  return inverted;
}

function gatedSteps(steps: readonly StepDefinition[], dependents: readonly (readonly number[])[]): ReadonlySet<number> {
  const gated = new Set(steps.flatMap((step, index) => (step.type === 'decision' ? dependents[index]! : [])));
  // Iterating over a set also visits what is added meanwhile.
  for (const index of gated) for (const dependent of dependents[index]!) gated.add(dependent);
  return gated;
}

function compileConfig({ config, literals = [] }: HandlerReference): CompiledValue {
  if (literals.length === 0) return compileValue(config).compiled;
  const literal = new Set(literals);
  return compileValue(config, { literalAt: (path) => literal.has(pointerOf(path)) }).compiled;
}
