import { type ConfigMarks, configMarks } from '../capability/literals.ts';
import type { Json, JsonObject } from '../json.ts';
import { compileValue } from '../reference/parse.ts';
import { valueAt } from '../reference/resolve.ts';
import { type Path, pointerOf } from '../schema/pointer.ts';
import type { Problem } from '../schema/problem.ts';
import type { CompiledValue, Reference } from '../template/types.ts';
import type { ReviewedStep } from './review.ts';

/** A step's config or inputs, with its references found. */
export interface StepValue {
  /** Where it stands in the document. */
  readonly pointer: string;
  /** What it must be, and the marks in that; undefined while the handler is not known. */
  readonly schema: JsonObject | undefined;
  readonly marks: ConfigMarks | undefined;
  readonly compiled: CompiledValue;
  /** Of broken references; pointers are relative to the value. */
  readonly problems: readonly Problem[];
  readonly places: readonly Place[];
  /** Pointers to what the handler takes literally, where that holds a `${`. */
  readonly literals: readonly string[];
}

/** A value that references fill in. */
export interface Place {
  readonly path: Path;
  /** `whole`: it is one reference and keeps its type. `text`: they stand inside a text. */
  readonly kind: 'whole' | 'text';
  readonly references: readonly Reference[];
}

/** What a step gives its handler; undefined where it has none that can be read. */
export interface StepValues {
  readonly config: StepValue | undefined;
  readonly inputs: StepValue | undefined;
}

/** A planner is told no secrets: nothing in it is marked as one's place. */
const GOAL_SCHEMA: JsonObject = { type: 'object', properties: { goal: { type: 'string' } } };

/** Finds the references of a step; of a planning step, those of its goal. */
export function stepValues({ pointer, config, goal, inputs, entry }: ReviewedStep): StepValues {
  if (goal !== undefined) return { config: readValue(pointer, { goal }, GOAL_SCHEMA), inputs: undefined };
  return {
    config: config && readValue(`${pointer}/handler/config`, config, entry?.capability.configSchema),
    inputs: inputs && readValue(`${pointer}/inputs`, inputs, entry?.capability.inputSchema),
  };
}

function readValue(pointer: string, value: JsonObject, schema: JsonObject | undefined): StepValue {
  const marks = schema === undefined ? undefined : configMarks(schema);
  const literals: string[] = [];
  const { compiled, problems } = compileValue(value, {
    literalAt: (path) => {
      if (marks?.literalAt(path) !== true) return false;
      if (holdsReference(valueAt(value, path)!)) literals.push(pointerOf(path));
      return true;
    },
  });
  return { pointer, schema, marks, compiled, problems, literals, places: placesIn(compiled) };
}

function placesIn(value: CompiledValue, path: Path = []): readonly Place[] {
  switch (value.kind) {
    case 'literal':
      return [];
    case 'reference':
      return [{ path, kind: 'whole', references: [value.reference] }];
    case 'text':
      return [{ path, kind: 'text', references: value.parts.filter((part) => typeof part !== 'string') }];
    case 'array':
      return value.items.flatMap((item, index) => placesIn(item, [...path, index]));
    case 'object':
      return value.entries.flatMap(([key, item]) => placesIn(item, [...path, key]));
  }
}

/** The value as far as it is known: null stands where a reference is the whole of it, or broken. */
export function knownPart(value: CompiledValue): Json {
  switch (value.kind) {
    case 'literal':
      return value.value;
    case 'reference':
      return null;
    case 'text':
      return value.parts.map((part) => (typeof part === 'string' ? part : part.source)).join('');
    case 'array':
      return value.items.map(knownPart);
    case 'object':
      return Object.fromEntries(value.entries.map(([key, item]) => [key, knownPart(item)]));
  }
}

/** Pointers at which `knownPart` is not what the handler will see; relative to the value. */
export function unknownPointers({ places, problems }: StepValue): readonly string[] {
  return [...places.map(({ path }) => pointerOf(path)), ...problems.map(({ pointer }) => pointer)];
}

/** Every text in a value with its path; texts that references fill in are not among them. */
export function* knownTexts(value: CompiledValue, path: Path = []): Generator<{ path: Path; text: string }> {
  if (value.kind === 'literal') yield* textsIn(value.value, path);
  if (value.kind === 'array') for (const [i, item] of value.items.entries()) yield* knownTexts(item, [...path, i]);
  if (value.kind === 'object') for (const [key, item] of value.entries) yield* knownTexts(item, [...path, key]);
}

function* textsIn(value: Json, path: Path): Generator<{ path: Path; text: string }> {
  if (typeof value === 'string') yield { path, text: value };
  if (typeof value !== 'object' || value === null) return;
  const isArray = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) yield* textsIn(item, [...path, isArray ? Number(key) : key]);
}

function holdsReference(value: Json): boolean {
  return textsIn(value, []).some(({ text }) => text.includes('${'));
}
