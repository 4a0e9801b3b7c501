import { WeftError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { jsonSize } from '../schema/size.ts';
import type { CompiledValue, Reference } from '../template/types.ts';

/** What references can see. An absent step, plan or batch is null to them. */
export interface ReferenceScope {
  readonly context: Json;
  readonly taskId: string;
  step(
    name: string,
  ): { readonly status: string; readonly result: Json | null; readonly error: Json | null } | undefined;
  /** The results of a batch's workers, by the worker's step name. */
  results?(worker: string): Json | undefined;
  /** The output of a planning step. */
  plan?(name: string): Json | undefined;
  readonly batch?: { readonly item: Json; readonly index: number };
  /** What stands for a secret: its placeholder, never its value. */
  secret(name: string): string;
}

/** How large the values and texts that references bring in may be together, in UTF-16 units of their JSON; see ARCHITECTURE.md, "Large values". */
export const RESOLVED_SIZE_MAX = 32 * 1024 * 1024;

/**
 * Fills references in. A reference that is the whole value gives what it refers to, null when that is missing; inside
 * text it gives its text: nothing for null and missing, JSON for arrays and objects. Only own properties are seen.
 * Parts of the scope may be shared with the result; neither is ever changed.
 *
 * @throws WeftError `resolved_too_large`: a few references to one large value can stand for any amount of it.
 */
export function resolveValue(compiled: CompiledValue, scope: ReferenceScope, size_max = RESOLVED_SIZE_MAX): Json {
  let left = size_max;

  const bring = (reference: Reference): Json => {
    const value = resolveReference(reference, scope);
    left -= jsonSize(value, left);
    if (left < 0) throw new WeftError('resolved_too_large', { reference: reference.source, size_max });
    return value;
  };

  const resolve = (compiled: CompiledValue): Json => {
    switch (compiled.kind) {
      case 'literal':
        return compiled.value;
      case 'reference':
        return bring(compiled.reference);
      case 'text':
        return compiled.parts.map((part) => (typeof part === 'string' ? part : toText(bring(part)))).join('');
      case 'array':
        return compiled.items.map(resolve);
      case 'object':
        // Defines own properties whatever their names are; assignment would call the `__proto__` setter.
        return Object.fromEntries(compiled.entries.map(([key, value]) => [key, resolve(value)]));
    }
  };

  return resolve(compiled);
}

/** What a reference refers to; null when there is no such thing. */
export function resolveReference({ root, path }: Reference, scope: ReferenceScope): Json {
  return valueAt(resolveRoot(root, scope), path) ?? null;
}

/** The value at a path, or undefined: a string steps into an object's own property, a number into an array. */
export function valueAt(value: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  let at: Json | undefined = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at) !== (typeof key === 'number')) return undefined;
    at = Object.hasOwn(at, key) ? (at as JsonObject)[key] : undefined;
  }
  return at;
}

function resolveRoot(root: Reference['root'], scope: ReferenceScope): Json | undefined {
  switch (root.kind) {
    case 'task_context':
      return scope.context;
    case 'task_id':
      return scope.taskId;
    case 'step':
      return root.part === 'results' ? scope.results?.(root.step) : scope.step(root.step)?.[root.part];
    case 'plan':
      return scope.plan?.(root.step);
    case 'batch_item':
      return scope.batch?.item;
    case 'batch_index':
      return scope.batch?.index;
    case 'secret':
      return scope.secret(root.name);
  }
}

function toText(value: Json): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
