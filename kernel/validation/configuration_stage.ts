import { type Diagnostic, type DiagnosticCode, diagnose } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import type { SchemaCompiler } from '../schema/compile.ts';
import { pointerToken } from '../schema/pointer.ts';
import { problemText, type SchemaProblem } from '../schema/problem.ts';
import { TEMPLATE_LIMITS } from './limits.ts';
import type { Review, ReviewedStep } from './review.ts';
import { knownPart, type StepValue, type StepValues, unknownPointers } from './values.ts';

/**
 * Holds configs and inputs against the schemas of their handlers. What references will fill in is unknown, so only
 * certain mismatches are reported; the filled-in values are checked again before each dispatch.
 */
export function checkConfiguration(
  { steps }: Review,
  values: readonly StepValues[],
  compiler: SchemaCompiler,
): readonly Diagnostic[] {
  return steps.flatMap((step, at) => {
    const { config, inputs } = values[at]!;
    return [
      ...(config === undefined ? [] : checkValue(config, 'config_invalid', step, compiler)),
      ...(inputs === undefined
        ? checkDefaultInputs(step, compiler)
        : checkValue(inputs, 'inputs_invalid', step, compiler)),
    ];
  });
}

function checkValue(
  value: StepValue,
  code: DiagnosticCode,
  { handler }: ReviewedStep,
  compiler: SchemaCompiler,
): Diagnostic[] {
  const { references_max } = TEMPLATE_LIMITS;
  if (value.places.length > references_max) {
    const message = `references stand at ${value.places.length} places; at most ${references_max} are allowed`;
    return [diagnose('too_many_references', { pointer: value.pointer, message, expected: references_max })];
  }
  const problems = problemsOf(value.schema, knownPart(value.compiled), unknownPointers(value), compiler);
  return problems.map((problem) =>
    diagnose(code, {
      ...problem,
      pointer: value.pointer + problem.pointer,
      message: `${problem.message} (${code === 'config_invalid' ? 'config' : 'input'} of "${handler?.name}")`,
    }),
  );
}

/** A step without inputs is given the results of its dependencies, whatever they are, and a worker its item. */
function checkDefaultInputs(step: ReviewedStep, compiler: SchemaCompiler): Diagnostic[] {
  const isWorker = step.type === 'batch_worker';
  const names = isWorker ? ['item', 'index'] : step.dependencies.map(({ name }) => name);
  const inputs: JsonObject = Object.fromEntries(names.map((name) => [name, null]));
  const unknown = names.map((name) => `/${pointerToken(name)}`);
  return problemsOf(step.entry?.capability.inputSchema, inputs, unknown, compiler).map(({ expected, ...problem }) =>
    diagnose('inputs_invalid', {
      pointer: step.pointer,
      message: `the step gives "${step.handler?.name}" ${isWorker ? 'its item and index' : 'the results of its dependencies'}: ${problemText(problem)}`,
      ...(expected === undefined ? {} : { expected }),
      suggestion: 'write "inputs" with what the handler takes',
    }),
  );
}

function problemsOf(
  schema: JsonObject | undefined,
  value: Json,
  unknown: readonly string[],
  compiler: SchemaCompiler,
): readonly SchemaProblem[] {
  const compiled = schema === undefined ? undefined : compiler.compile(schema);
  // The capability was checked when it was registered; what is wrong with it is not the template's to hear.
  return compiled?.ok === true ? compiled.check(value, { unknown }) : [];
}
