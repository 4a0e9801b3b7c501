import { diagnose } from '../../kernel/diagnostics.ts';
import { WeftError } from '../../kernel/errors.ts';
import type { FragmentValidation } from '../../kernel/fragment/types.ts';
import { validateFragment } from '../../kernel/fragment/validate.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { Json } from '../../kernel/json.ts';
import type { PlanningRegistries } from '../../kernel/planning/registry.ts';
import type { SchemaCompiler } from '../../kernel/schema/compile.ts';
import { problemText } from '../../kernel/schema/problem.ts';
import type { Environment } from '../../kernel/task/commands.ts';
import { type Catalog, satisfies } from '../catalog/catalog.ts';

type Check = (value: Json) => readonly string[];

/** What the answers come from. */
export interface EnvironmentOptions {
  readonly catalog: Catalog;
  readonly compiler: SchemaCompiler;
  readonly hooks: Hooks;
  readonly planning: PlanningRegistries;
}

/** The kernel's questions, answered from the catalog. Schemas are compiled once per component. */
export function createEnvironment({ catalog, compiler, hooks, planning }: EnvironmentOptions): Environment {
  const checks = new Map<string, { config: Check; inputs: Check; result: Check }>();

  const checksOf = (digest: string) => {
    const known = checks.get(digest);
    if (known !== undefined) return known;
    const capability = catalog.byDigest(digest)?.capability;
    // A pinned component that this process does not have: its broker checks, and so does the handler itself.
    if (capability === undefined) return undefined;
    const made = {
      config: checkOf(compiler, capability.configSchema),
      inputs: checkOf(compiler, capability.inputSchema),
      result: checkOf(compiler, capability.outputSchema),
    };
    checks.set(digest, made);
    return made;
  };

  return {
    resolveHandler: (name, range) => {
      const entry = catalog.resolve(name, range);
      return entry === undefined ? undefined : { name: entry.name, version: entry.version, digest: entry.digest };
    },
    checkDispatch: (pin, config, inputs) => {
      const own = checksOf(pin.digest);
      if (own === undefined) return [];
      return [...prefixed('config', own.config(config)), ...prefixed('inputs', own.inputs(inputs))];
    },
    checkResult: (pin, result) => checksOf(pin.digest)?.result(result) ?? [],
    checkSchema: (schema) => {
      const compiled = compiler.compile(schema);
      return compiled.ok ? [] : compiled.problems.map(problemText);
    },
    checkSignal: (schema, data) => checkOf(compiler, schema)(data),
    checkOutput: (schema, output) => checkOf(compiler, schema)(output),
    outputSchema: (pin) => catalog.byDigest(pin.digest)?.capability.outputSchema,
    callCap: (planner, model) => planning.planners.get(planner)?.spends(model),
    validatePlan: (text, { task_id, ...place }) => {
      const found = validateFragment(
        { kind: 'text', text },
        { ...place, catalog: catalog.entries(), satisfies, compiler, hooks },
      );
      return found.ok ? askPlugins(task_id, found, hooks) : found;
    },
  };
}

/** Schemas were looked at when they came: a capability's at its registration, a suspension's when it was recorded. */
function checkOf(compiler: SchemaCompiler, schema: Json): Check {
  const compiled = compiler.compile(schema);
  if (!compiled.ok) return () => compiled.problems.map((problem) => `the schema itself: ${problemText(problem)}`);
  return (value) => compiled.check(value).map(problemText);
}

function prefixed(what: string, problems: readonly string[]): readonly string[] {
  return problems.map((problem) => `${what} ${problem}`);
}

/** A plugin may still refuse the steps of a valid plan. */
function askPlugins(
  task_id: string,
  found: Extract<FragmentValidation, { ok: true }>,
  hooks: Hooks,
): FragmentValidation {
  const steps = found.valid.graph.nodes.map(({ name, type, handler }) => ({ name, type, handler }));
  const problem = refusalOf(() => hooks.call('beforeMaterialization', { task_id, created_by: 'planning_step', steps }));
  if (problem === undefined) return found;
  return { ok: false, diagnostics: [diagnose('plan_refused_by_plugin', { pointer: '', message: problem })] };
}

/** A plugin that fails refuses the plan, since its rules are not known. */
function refusalOf(ask: () => string | undefined): string | undefined {
  try {
    return ask();
  } catch (error) {
    if (error instanceof WeftError && error.code === 'plugin_failed') return error.message;
    throw error;
  }
}
