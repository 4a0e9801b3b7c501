import { readFile, writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../kernel/json.ts';
import { TEMPLATE_SCHEMA } from '../../kernel/template/schema.ts';
import { documentedKeys, markdownTable } from '../config/schema_table.ts';
import { propertiesOf } from '../config/walk.ts';
import { packagePath } from '../toolchain/package_path.ts';

const BEGIN = '<!-- keys: written by `npx node host/template/reference.ts` -->\n';
const END = '<!-- end of keys -->\n';

/** docs/templates.md with its tables of keys as the schema says. */
export function withKeys(text: string): string {
  const [before] = text.split(BEGIN);
  const tables = [
    `\n## Keys of a template\n\n${tableOf(TEMPLATE_SCHEMA)}`,
    `\n## Keys of a step\n\n${tableOf(TEMPLATE_SCHEMA.$defs.step)}\n`,
  ];
  return [before, BEGIN, ...tables, END].join('');
}

/** The keys of a schema as a table in Markdown. */
export function tableOf(schema: JsonObject): string {
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const rows = propertiesOf(schema).flatMap(([key, each]) =>
    documentedKeys([key], each).map(({ name, outermost, type, preset, meaning }) => [
      name,
      type,
      outermost && required.includes(key) ? 'required' : preset,
      meaning,
    ]),
  );
  return markdownTable(['key', 'type', 'default', 'meaning'], rows);
}

if (import.meta.main) {
  const file = packagePath('docs/templates.md');
  await writeFile(file, withKeys(await readFile(file, 'utf8')));
}
