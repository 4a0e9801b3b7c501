import type { JsonObject } from '../../kernel/json.ts';
import { PATH } from './schema/describe.ts';
import { propertiesOf } from './walk.ts';

/** A key as documentation shows it, each part in Markdown. */
export interface DocumentedKey {
  /** `retry.max_attempts`, `egress[].host`, `secrets.<name>.hosts`. */
  readonly name: string;
  /** It stands in the schema itself, not inside another key. */
  readonly outermost: boolean;
  readonly type: string;
  /** Empty when there is none. */
  readonly preset: string;
  readonly meaning: string;
}

/** A key and those inside it, in the schema's order. */
export function documentedKeys(
  path: readonly string[],
  schema: JsonObject,
  outermost = true,
): readonly DocumentedKey[] {
  const { default: preset, description = '' } = schema;
  const key = {
    name: `\`${path.join('.')}\``,
    outermost,
    type: typeOf(schema),
    preset: preset === undefined ? '' : `\`${JSON.stringify(preset)}\``,
    meaning: String(description).replaceAll('|', '\\|'),
  };
  return [key, ...inside(path, schema), ...inside(within(path, '[]'), schema['items']), ...ofMap(path, schema)];
}

/** A Markdown table. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [titles, titles.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** The keys of an object with known ones. */
function inside(path: readonly string[], schema: unknown): readonly DocumentedKey[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return propertiesOf(schema as JsonObject).flatMap(([key, each]) => documentedKeys([...path, key], each, false));
}

function ofMap(path: readonly string[], schema: JsonObject): readonly DocumentedKey[] {
  return inside(within(path, '.<name>'), schema['additionalProperties']);
}

const within = (path: readonly string[], suffix: string) => [...path.slice(0, -1), `${path.at(-1)}${suffix}`];

function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => `\`${value}\``).join(', ');
  if (schema[PATH] === true) return 'path';
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  // `null` beside a type stands for absent.
  const [type] = [schema['type']].flat() as [string];
  if (minimum !== undefined) return `${type}, ${maximum === undefined ? `from ${minimum}` : `${minimum} … ${maximum}`}`;
  if (type === 'array') return 'list';
  if (type === 'object') return 'map';
  return type === 'string' ? 'text' : type;
}
