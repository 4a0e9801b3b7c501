import { children, followRef, isObject, type Schema } from './walk.ts';

/** Every schema, by identity, that checking a value against one can come to. */
export type Reach = (schema: Schema) => ReadonlySet<Schema>;

/** Works out what schemas reach, once for each; references lead into `root`. */
export function createReach(root: Schema): Reach {
  const known = new Map<Schema, ReadonlySet<Schema>>();
  return (schema) => {
    const reached = known.get(schema) ?? reachOf(schema, root);
    known.set(schema, reached);
    return reached;
  };
}

function reachOf(start: Schema, root: Schema): ReadonlySet<Schema> {
  const reached = new Set<Schema>();
  const pending: (Schema | undefined)[] = [start];
  while (pending.length > 0) {
    const schema = pending.pop();
    if (schema === undefined || reached.has(schema)) continue;
    reached.add(schema);
    if (!isObject(schema)) continue;
    for (const child of children(schema)) pending.push(child.schema);
    if (typeof schema['$ref'] === 'string') pending.push(followRef(root, schema['$ref']));
  }
  return reached;
}
