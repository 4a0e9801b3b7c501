import { type Diagnostic, type DiagnosticCode, diagnose } from '../diagnostics.ts';
import type { Json, JsonObject } from '../json.ts';
import { formatReference } from '../reference/format.ts';
import { schemaAt, typesCompatible } from '../reference/paths.ts';
import { type View, viewAt } from '../reference/view.ts';
import { guardSchema } from '../schema/guard.ts';
import { pointerOf } from '../schema/pointer.ts';
import { followRef, isObject } from '../schema/walk.ts';
import type { Reference } from '../template/types.ts';
import { ancestry, type StepGraph } from './graph.ts';
import type { PlanReview, Review, SurroundingStep } from './review.ts';
import { listed, type Suggestions } from './suggestions.ts';
import type { Place, StepValue, StepValues } from './values.ts';

/**
 * Checks every reference: that it can be parsed, that what it refers to comes before, that the path is possible there,
 * that the type fits where it stands, and that secrets are declared and in their places. Three-valued: what is not
 * certain is no problem.
 */
export function checkReferences(
  review: Review,
  graph: StepGraph,
  values: readonly StepValues[],
  suggestions: Suggestions,
): readonly Diagnostic[] {
  const judge = new Judge(review, graph, suggestions);
  return values.flatMap(({ config, inputs }, step) =>
    [config, inputs].flatMap((value) => (value === undefined ? [] : judge.value(value, step))),
  );
}

/** What is wrong with a reference, before anybody knows where it stands. */
interface Fault {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly suggestion?: string;
  readonly expected?: Json;
}

const TEXT: JsonObject = { type: 'string' };

const STATUS: JsonObject = { enum: ['complete', 'error', 'cancelled', 'resolved_manually'] };

const ERROR: JsonObject = {
  anyOf: [
    { type: 'null' },
    {
      type: 'object',
      properties: { code: TEXT, message: TEXT, details: true },
      additionalProperties: false,
    },
  ],
};

class Judge {
  readonly #contextSchema: JsonObject | undefined;
  readonly #graph: StepGraph;
  readonly #isBefore: (ancestor: number, step: number) => boolean | undefined;
  readonly #secrets: ReadonlySet<string>;
  readonly #names: readonly string[];
  readonly #suggestions: Suggestions;
  readonly #plan: PlanReview | undefined;
  readonly #views = new Map<JsonObject, Map<string, View>>();

  constructor({ input_schema, secrets, plan }: Review, graph: StepGraph, suggestions: Suggestions) {
    this.#suggestions = suggestions;
    this.#plan = plan;
    this.#names = [...graph.named.keys(), ...this.#around((kind) => kind !== 'plan')];
    this.#contextSchema = input_schema === undefined || guardSchema(input_schema).length > 0 ? undefined : input_schema;
    this.#graph = graph;
    this.#isBefore = ancestry(graph);
    this.#secrets = new Set(secrets);
  }

  value(value: StepValue, step: number): readonly Diagnostic[] {
    return [
      ...value.problems.map((problem) =>
        diagnose('reference_malformed', { ...problem, pointer: value.pointer + problem.pointer }),
      ),
      ...value.places.flatMap((place) => this.#place(value, place, step)),
    ];
  }

  #place(value: StepValue, place: Place, step: number): readonly Diagnostic[] {
    const pointer = value.pointer + pointerOf(place.path);
    const faults = place.references.flatMap((reference) => {
      const fault = this.#root(reference, step) ?? this.#secretPlace(reference, value, place) ?? this.#path(reference);
      return fault === undefined ? [] : [{ ...fault, reference }];
    });
    if (faults.length === 0) {
      const mismatch = this.#type(value, place);
      return mismatch === undefined ? [] : [diagnose(mismatch.code, { pointer, ...mismatch })];
    }
    return faults.map(({ code, reference, ...fault }) => diagnose(code, { pointer, got: reference.source, ...fault }));
  }

  #root({ root, source }: Reference, step: number): Fault | undefined {
    switch (root.kind) {
      case 'task_context':
      case 'task_id':
        return undefined;
      case 'secret':
        return this.#secretDeclared(root.name);
      case 'batch_item':
      case 'batch_index':
        if (this.#graph.steps[step]!.type === 'batch_worker') return undefined;
        return outOfPlace(source, 'only the worker of a batch has an item');
      case 'plan':
        return this.#planned(root.step, source, step);
      case 'step':
        return this.#step(root.step, step) ?? this.#part(root, source, step);
    }
  }

  /** Names outside of the fragment that a reference may use; a step of the fragment comes before one of its name. */
  #around(wanted: (kind: SurroundingStep['kind']) => boolean): readonly string[] {
    return [...(this.#plan?.around.values() ?? [])].filter(({ kind }) => wanted(kind)).map(({ name }) => name);
  }

  #outside(name: string): SurroundingStep | undefined {
    return this.#graph.named.has(name) ? undefined : this.#plan?.around.get(name);
  }

  #planned(name: string, source: string, step: number): Fault | undefined {
    const target = this.#graph.named.get(name);
    if (target !== undefined && this.#graph.steps[target]!.type === 'planning') return this.#step(name, step);
    const plans = this.#around((kind) => kind === 'plan');
    if (plans.includes(name)) return undefined;
    const suggestion = this.#suggestions.didYouMean(name, plans);
    const fault = outOfPlace(source, 'only planning steps have a plan');
    return suggestion === undefined ? fault : { ...fault, suggestion };
  }

  /** A batch has results, any other step a result; only what waits for the batch itself sees them. */
  #part({ step: name, part }: StepRoot, source: string, step: number): Fault | undefined {
    const { named, steps, dependencies } = this.#graph;
    const outside = this.#outside(name);
    const target = named.get(name);
    const isBatch = outside === undefined ? steps[target!]!.type === 'batch_worker' : outside.kind === 'batch';
    if (part === 'result' && isBatch) return outOfPlace(source, `the workers of a batch have .results`);
    if (part !== 'results') return undefined;
    if (!isBatch) return outOfPlace(source, 'only the workers of a batch have several results');
    if (target === undefined || dependencies[step]!.includes(target)) return undefined;
    return outOfPlace(source, `only a step that directly depends on "${name}" sees its results`);
  }

  #step(name: string, step: number): Fault | undefined {
    const { named, steps } = this.#graph;
    const target = named.get(name);
    const own = steps[step]!.name;
    const outside = this.#outside(name);
    if (outside !== undefined && outside.kind !== 'plan') return undefined;
    if (target === undefined) {
      const suggestion =
        outside === undefined
          ? (this.#suggestions.didYouMean(name, this.#names) ?? 'refer to a step that this one depends on')
          : `a planning step has a plan: write \${plans.${name}.output}`;
      return { code: 'reference_unknown_step', message: `there is no step "${name}"`, suggestion };
    }
    if (name === own) {
      const suggestion = 'refer to a step that this one depends on';
      return { code: 'reference_not_ancestor', message: `step "${name}" cannot refer to itself`, suggestion };
    }
    if (this.#isBefore(target, step) !== false) return undefined;
    const message = `step "${name}" exists, but need not be over before "${own}" starts`;
    const circular = this.#isBefore(step, target) === true;
    const suggestion = circular
      ? `"${name}" waits for "${own}": refer to something that comes before`
      : `add "${name}" to the dependencies of "${own}"`;
    return { code: 'reference_not_ancestor', message, suggestion };
  }

  #secretDeclared(name: string): Fault | undefined {
    if (this.#secrets.has(name)) return undefined;
    const suggestion =
      this.#suggestions.didYouMean(name, [...this.#secrets]) ??
      (this.#plan === undefined ? `add "${name}" to the template's secrets` : 'do without it: a plan gets no secrets');
    return { code: 'secret_undeclared', message: `the template does not declare the secret "${name}"`, suggestion };
  }

  #secretPlace({ root }: Reference, { marks }: StepValue, { path }: Place): Fault | undefined {
    if (root.kind !== 'secret' || marks === undefined || marks.secretAt(path)) return undefined;
    return {
      code: 'secret_out_of_place',
      message: `the handler takes no secret at ${pointerOf(path)}`,
      suggestion: 'use a secret only where the config schema of the handler allows it, as in "auth"',
    };
  }

  #path({ root, path }: Reference): Fault | undefined {
    const schema = this.#schemaOf(root);
    if (schema === undefined || this.#view(schema, path).possible !== 'no') return undefined;
    // The first key or index that leads nowhere says most.
    const length = path.findIndex((_, index) => this.#view(schema, path.slice(0, index + 1)).possible === 'no');
    const before = path.slice(0, length);
    const key = path[length]!;
    const keys = declaredKeys(schema, before);
    const suggestion = typeof key === 'string' ? this.#suggestions.didYouMean(key, keys) : undefined;
    return {
      code: 'reference_path_impossible',
      message: `${formatReference({ root, path: before })} never has ${typeof key === 'number' ? `an item ${key}` : `"${key}"`}`,
      ...(keys.length === 0 ? {} : { expected: listed(keys) }),
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  }

  #type({ schema }: StepValue, { path, kind, references }: Place): Fault | undefined {
    const wanted = schema === undefined ? undefined : schemaAt(schema, path);
    const [reference] = references;
    const source = kind === 'text' ? TEXT : this.#schemaOf(reference!.root);
    const given = source === undefined || kind === 'text' ? source : this.#view(source, reference!.path).schema;
    if (wanted === undefined || !isObject(given) || typesCompatible(given, wanted) !== 'no') return undefined;
    const what =
      kind === 'text' ? 'a reference inside a text gives a text' : `${reference!.source} gives ${say(given)}`;
    return {
      code: 'reference_type_mismatch',
      message: `${what}, and the handler takes ${say(wanted)} here`,
      expected: wanted,
      ...(kind === 'text' ? { suggestion: 'let the reference be the whole value to keep its type' } : {}),
    };
  }

  /** What a schema says of a path. Remembered: many references of a template are alike. */
  #view(schema: JsonObject, path: Reference['path']): View {
    const known = this.#views.get(schema) ?? new Map<string, View>();
    this.#views.set(schema, known);
    const key = JSON.stringify(path);
    const view = known.get(key) ?? viewAt(schema, path);
    known.set(key, view);
    return view;
  }

  /** What is known of the value at a root. */
  #schemaOf(root: Reference['root']): JsonObject | undefined {
    switch (root.kind) {
      case 'task_context':
        return this.#contextSchema;
      case 'task_id':
      case 'secret':
        return TEXT;
      case 'plan':
        return this.#plan?.around.get(root.step)?.output_schema;
      case 'step': {
        const target = this.#graph.named.get(root.step);
        if (root.part === 'results') return undefined;
        if (root.part === 'status') return STATUS;
        if (root.part === 'error') return ERROR;
        if (target === undefined) return this.#outside(root.step)?.output_schema;
        return this.#graph.steps[target]!.entry?.capability.outputSchema;
      }
      default:
        return undefined;
    }
  }
}

type StepRoot = Extract<Reference['root'], { kind: 'step' }>;

function outOfPlace(source: string, rule: string): Fault {
  return { code: 'reference_out_of_place', message: `${source} means nothing here: ${rule}` };
}

/** The properties that a schema lists at a path, alternatives left aside: names to suggest. */
function declaredKeys(root: JsonObject, path: Reference['path']): readonly string[] {
  let at: Json | undefined = root;
  for (const key of [...path, undefined]) {
    if (isObject(at) && typeof at['$ref'] === 'string') at = followRef(root, at['$ref']);
    if (!isObject(at) || key === undefined) break;
    const { properties, items }: JsonObject = at;
    at =
      typeof key === 'number'
        ? items
        : isObject(properties) && Object.hasOwn(properties, key)
          ? properties[key]
          : undefined;
  }
  return isObject(at) && isObject(at['properties']) ? Object.keys(at['properties']) : [];
}

/** A schema in a few words. */
function say({ type, ...schema }: JsonObject): string {
  const values = schema['enum'] ?? (schema['const'] === undefined ? undefined : [schema['const']]);
  if (Array.isArray(values))
    return `one of ${values
      .slice(0, 8)
      .map((value) => JSON.stringify(value))
      .join(', ')}`;
  return type === undefined ? 'something else' : `a value of type ${[type].flat().join(' or ')}`;
}
