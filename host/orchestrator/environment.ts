import type { Json } from '../../kernel/json.ts';
import type { SchemaCompiler } from '../../kernel/schema/compile.ts';
import { problemText } from '../../kernel/schema/problem.ts';
import type { Environment } from '../../kernel/task/commands.ts';
import type { Catalog } from '../catalog/catalog.ts';

type Check = (value: Json) => readonly string[];

/** The kernel's questions, answered from the catalog. Schemas are compiled once per component. */
export function createEnvironment(catalog: Catalog, compiler: SchemaCompiler): Environment {
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
