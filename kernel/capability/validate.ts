import type { Json, JsonObject } from '../json.ts';
import { compileValue } from '../reference/parse.ts';
import type { SchemaCompiler } from '../schema/compile.ts';
import type { Problem } from '../schema/problem.ts';
import { sizeProblem } from '../schema/size.ts';
import { isObject, subschemas } from '../schema/walk.ts';
import { configMarks } from './literals.ts';
import { CAPABILITY_META_SCHEMA } from './meta_schema.ts';
import type { Capability, CapabilityExample } from './types.ts';

export type ValidatedCapability =
  | { readonly ok: true; readonly capability: Capability }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Three schemas and what surrounds them. */
const CAPABILITY_LIMITS = { depth_max: 80, size_max: 2 * 1024 * 1024 };

const SCHEMA_FIELDS = ['configSchema', 'inputSchema', 'outputSchema'] as const;

/** Interfaces through which a component reaches the network. */
const NETWORK_IMPORT = /^weft:(http|mail)\//;

/**
 * Decides whether a value is a capability schema, and fills defaults in. All problems are reported at once: of the
 * fields, of the three schemas (guarded and compiled), and of the examples, which must meet them. Never throws.
 */
export function validateCapability(value: Json, compiler: SchemaCompiler): ValidatedCapability {
  const oversize = sizeProblem(value, CAPABILITY_LIMITS);
  if (oversize !== undefined) return { ok: false, problems: [oversize] };
  const meta = compiler.compile(CAPABILITY_META_SCHEMA);
  if (!meta.ok) throw new Error(`the meta-schema does not compile: ${JSON.stringify(meta.problems)}`);
  const problems: Problem[] = [...meta.check(value), ...schemaProblems(value, compiler)];
  if (problems.length > 0) return { ok: false, problems };
  const capability = withDefaults(value as unknown as AuthoredCapability);
  problems.push(...consistencyProblems(capability));
  for (const [index, example] of capability.composition.examples.entries()) {
    problems.push(...below(`/composition/examples/${index}`, exampleProblems(example, capability, compiler)));
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, capability };
}

type AuthoredCapability = Pick<
  Capability,
  'name' | 'version' | 'title' | 'description' | 'category' | (typeof SCHEMA_FIELDS)[number]
> & {
  readonly annotations?: Capability['annotations'];
  readonly errors?: Capability['errors'];
  readonly imports?: Capability['imports'];
  readonly resources?: Partial<Capability['resources']>;
  readonly composition?: Partial<Capability['composition']>;
};

function withDefaults(authored: AuthoredCapability): Capability {
  const imports = authored.imports ?? [];
  return {
    ...authored,
    annotations: {
      readOnlyHint: false,
      destructiveHint: true,
      idempotentHint: false,
      openWorldHint: true,
      ...authored.annotations,
    },
    errors: authored.errors ?? [],
    imports,
    resources: {
      network: imports.some((name) => NETWORK_IMPORT.test(name)),
      typicalLatencyMs: 100,
      memoryMb: 64,
      costPerCallUsd: 0,
      ...authored.resources,
    },
    composition: { usedWith: [], examples: [], ...authored.composition },
  };
}

function schemaProblems(value: Json, compiler: SchemaCompiler): Problem[] {
  return SCHEMA_FIELDS.flatMap((field) => {
    const schema = isObject(value) ? value[field] : undefined;
    // That it is missing or no object is the meta-schema's to say.
    if (!isObject(schema)) return [];
    const compiled = compiler.compile(schema);
    return below(`/${field}`, compiled.ok ? markProblems(schema) : compiled.problems);
  });
}

/** A mark that is not `true` would be overlooked. */
function markProblems(schema: JsonObject): Problem[] {
  return Array.from(subschemas(schema)).flatMap(([pointer, subschema]) =>
    ['x-weft-literal', 'x-weft-secret', 'x-weft-step-name']
      .filter((mark) => isObject(subschema) && subschema[mark] !== undefined && subschema[mark] !== true)
      .map((mark) => ({ pointer: `${pointer}/${mark}`, message: 'must be true; leave it out otherwise' })),
  );
}

function consistencyProblems({ errors, imports, resources }: Capability): Problem[] {
  const problems: Problem[] = [];
  const codes = errors.map((error) => error.code);
  for (const [index, code] of codes.entries()) {
    if (codes.indexOf(code) === index) continue;
    problems.push({ pointer: `/errors/${index}/code`, message: `the code "${code}" is declared twice` });
  }
  const network = imports.find((name) => NETWORK_IMPORT.test(name));
  if (network !== undefined && !resources.network) {
    problems.push({ pointer: '/resources/network', message: `is false, but the component imports ${network}` });
  }
  return problems;
}

function exampleProblems(example: CapabilityExample, capability: Capability, compiler: SchemaCompiler): Problem[] {
  const marks = configMarks(capability.configSchema);
  const config = compileValue(example.config, { literalAt: marks.literalAt });
  const inputs = compileValue(example.inputs);
  const misplaced = config.references
    .filter(({ path, reference }) => reference.root.kind === 'secret' && !marks.secretAt(path))
    .map(({ pointer }) => ({ pointer, message: 'the schema does not mark this place with "x-weft-secret"' }));
  const check = (schema: JsonObject, value: JsonObject, unknown: readonly string[]): readonly Problem[] => {
    const compiled = compiler.compile(schema);
    return compiled.ok ? compiled.check(value, { unknown }) : [];
  };
  const pointers = (compiled: typeof config) => compiled.references.map(({ pointer }) => pointer);
  return [
    ...below('/config', [
      ...config.problems,
      ...misplaced,
      ...check(capability.configSchema, example.config, pointers(config)),
    ]),
    ...below('/inputs', [...inputs.problems, ...check(capability.inputSchema, example.inputs, pointers(inputs))]),
    ...below('/result', example.result === undefined ? [] : check(capability.outputSchema, example.result, [])),
  ];
}

function below(pointer: string, problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, pointer: pointer + problem.pointer }));
}
