import type { Capability } from '../../kernel/capability/types.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { problemText } from '../../kernel/schema/problem.ts';
import type { RunVerdict } from '../sandbox/run_end.ts';
import { hostSchemaCompiler } from '../schemas.ts';

const compiler = hostSchemaCompiler();

/** What the engine would refuse as well: a failure that is not documented, a result that breaks the output schema. */
export function contractProblems(verdict: RunVerdict, capability: Capability): readonly string[] {
  if (verdict.kind === 'outcome') {
    const { outcome } = verdict;
    return 'result' in outcome ? schemaProblems(capability.outputSchema, outcome.result, 'the result') : [];
  }
  const { code, message, retryable } = verdict.failure;
  const documented = capability.errors.find((error) => error.code === code);
  if (documented === undefined) return [`the failure "${code}: ${message}" is not in the capability's errors`];
  if (documented.retryable || !retryable) return [];
  return [`the failure "${code}" says it may be tried again, and the capability says it may not`];
}

/** Where a config or inputs do not meet the capability's schemas; the engine would not dispatch such a step. */
export function inputProblems(
  { config, inputs = {} }: { readonly config: Json; readonly inputs?: Json },
  capability: Capability,
): readonly string[] {
  return [
    ...schemaProblems(capability.configSchema, config, 'the config'),
    ...schemaProblems(capability.inputSchema, inputs, 'the inputs'),
  ];
}

function schemaProblems(schema: JsonObject, value: Json, what: string): readonly string[] {
  const compiled = compiler.compile(schema);
  if (!compiled.ok) return [`the schema of ${what} is none: ${compiled.problems.map(problemText).join('; ')}`];
  return compiled.check(value).map((problem) => `${what} does not meet its schema: ${problemText(problem)}`);
}
