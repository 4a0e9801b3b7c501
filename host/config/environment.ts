import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { Json } from '../../kernel/json.ts';
import { parseTemplateText } from '../template/parse.ts';
import { CONFIG_SCHEMA } from './schema/config_schema.ts';
import { type Leaf, leavesOf } from './walk.ts';

/** Variables of the process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** A key that a variable sets. */
export interface Override extends Leaf {
  readonly variable: string;
  readonly value: Json;
}

/** The variable that sets a key: `WEFT_` and its path in capitals, as `WEFT_API_PORT` for `api.port`. */
export function variableOf(path: readonly string[]): string {
  return `WEFT_${path.join('_').toUpperCase()}`;
}

/**
 * The keys that the environment sets. Texts are taken as they are; numbers, lists and maps are read as YAML, of which
 * JSON is a part. An empty variable counts as absent.
 */
export function overridesIn(env: Variables): { overrides: readonly Override[]; diagnostics: readonly Diagnostic[] } {
  const overrides: Override[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const leaf of leavesOf(CONFIG_SCHEMA)) {
    const variable = variableOf(leaf.path);
    const text = env[variable];
    if (text === undefined || text === '') continue;
    if (leaf.schema['type'] === 'string') {
      overrides.push({ ...leaf, variable, value: text });
      continue;
    }
    const parsed = parseTemplateText(text, { file: variable });
    diagnostics.push(...parsed.diagnostics);
    if (parsed.document !== undefined) overrides.push({ ...leaf, variable, value: parsed.document });
  }
  return { overrides, diagnostics };
}
