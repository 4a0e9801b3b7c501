import { inPlaceChildren, localPointer, type Schema } from './walk.ts';

/**
 * The pointer of a `$ref` through which a schema would check a value against itself without end, or undefined.
 * `schemas` are all schemas of the document by pointer. Without recursion, linear in their number.
 */
export function cyclePointer(schemas: ReadonlyMap<string, Schema>): string | undefined {
  const successors = new Map(Array.from(schemas, ([pointer, schema]) => [pointer, sameValue(pointer, schema)]));
  const predecessors = new Map(Array.from(schemas.keys(), (pointer): [string, string[]] => [pointer, []]));
  for (const [pointer, targets] of successors) for (const target of targets) predecessors.get(target)!.push(pointer);
  // Schemas that lead nowhere are taken away until only those that reach a cycle are left.
  const open = new Map(Array.from(successors, ([pointer, targets]) => [pointer, targets.length]));
  const done = Array.from(open.keys()).filter((pointer) => open.get(pointer) === 0);
  for (let pointer = done.pop(); pointer !== undefined; pointer = done.pop()) {
    open.delete(pointer);
    for (const before of predecessors.get(pointer)!) {
      const left = open.get(before)! - 1;
      open.set(before, left);
      if (left === 0) done.push(before);
    }
  }
  // Each of those has a successor among them: walking on ends in the cycle, which no chain of nesting can close.
  const onCycle = new Set<string>();
  let at: string | undefined = open.keys().next().value;
  while (at !== undefined && !onCycle.has(at)) {
    onCycle.add(at);
    at = successors.get(at)!.find((target) => open.has(target));
  }
  while (at !== undefined) {
    const next: string = successors.get(at)!.find((target) => open.has(target))!;
    if (refTarget(schemas.get(at)!) === next) return `${at}/$ref`;
    at = next;
  }
  return undefined;
}

/** The schemas that see the same value as this one does. */
function sameValue(pointer: string, schema: Schema): string[] {
  if (typeof schema === 'boolean') return [];
  const target = refTarget(schema);
  return [
    ...inPlaceChildren(schema).map((child) => pointer + child.pointer),
    ...(target === undefined ? [] : [target]),
  ];
}

function refTarget(schema: Schema): string | undefined {
  return typeof schema === 'object' && typeof schema['$ref'] === 'string' ? localPointer(schema['$ref']) : undefined;
}
