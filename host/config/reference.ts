import { writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../kernel/json.ts';
import { packagePath } from '../toolchain/package_path.ts';
import { variableOf } from './environment.ts';
import { CONFIG_SCHEMA } from './schema/config_schema.ts';
import { PATH } from './schema/describe.ts';
import { isSection, propertiesOf } from './walk.ts';

const INTRODUCTION = `# The operator config

Everything has a default that works on one machine; a config says what differs. Weft reads the file that \`--config\`
names, or the one that \`WEFT_CONFIG\` names, or \`weft.yaml\` in the working directory, or none.

- **Environment.** A key with a variable in the tables below can be set by it, whatever the file says: the variable is
  \`WEFT_\` and the key's path in capitals, as \`WEFT_API_PORT=8080\` for \`api.port\`. Texts are taken as they are; numbers,
  lists and maps are read as YAML, of which JSON is a part: \`WEFT_HANDLERS_DIRECTORIES='["handlers"]'\`. An empty variable
  counts as absent. A variable replaces the whole value of its key.
- **Paths.** Relative paths of the file start at its folder, those of the environment at the working directory.
- **Mistakes.** Unknown keys and wrong values are all reported at once, with file, line and column (or the variable), and
  nothing starts (exit code 10).

\`\`\`yaml
data_directory: /var/lib/weft
egress:
  allow:
    - { host: api.example.com, methods: [GET, POST], path: /v1 }
secrets:
  EXAMPLE_KEY: { source: { env: EXAMPLE_KEY }, hosts: [api.example.com] }
api:
  host: 0.0.0.0
  tokens:
    - { name: deploy, roles: [submit], token: { env: WEFT_DEPLOY_TOKEN } }
\`\`\`
`;

const COLUMNS = '| key | type | default | variable | meaning |\n| --- | --- | --- | --- | --- |\n';

/** docs/config.md, written from the schema. */
export function configReference(): string {
  const keys = propertiesOf(CONFIG_SCHEMA);
  const own = keys.filter(([, schema]) => !isSection(schema) && schema['type'] === 'string');
  const sections = keys.filter(([, schema]) => isSection(schema) || schema['type'] !== 'string');
  return [
    INTRODUCTION,
    `## Top level\n\n${COLUMNS}${own.flatMap(([key, schema]) => rows([key], schema, true)).join('')}`,
    ...sections.map(([key, schema]) => {
      if (!isSection(schema)) return `## \`${key}\`\n\n${COLUMNS}${rows([key], schema, true).join('')}`;
      const inside = propertiesOf(schema).flatMap(([name, each]) => rows([key, name], each, true));
      return `## \`${key}\`\n\n${schema['description']}\n\n${COLUMNS}${inside.join('')}`;
    }),
  ].join('\n');
}

/** The row of a key and those of the keys inside it. `settable` says that it has a variable. */
function rows(path: readonly string[], schema: JsonObject, settable: boolean): readonly string[] {
  const cells = [
    `\`${path.join('.')}\``,
    typeOf(schema),
    schema['default'] === undefined ? '' : `\`${JSON.stringify(schema['default'])}\``,
    settable ? `\`${variableOf(path)}\`` : '',
    String(schema['description'] ?? '').replaceAll('|', '\\|'),
  ];
  const inside = [
    ...propertiesOf(schema).flatMap(([key, each]) => rows([...path, key], each, false)),
    ...inner(path, schema['items'], '[]'),
    ...inner(path, schema['additionalProperties'], '.<name>'),
  ];
  return [`| ${cells.join(' | ')} |\n`, ...inside];
}

/** The rows of a list's items or a map's values, when those are objects with keys. */
function inner(path: readonly string[], schema: unknown, suffix: string): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const at = [...path.slice(0, -1), `${path.at(-1)}${suffix}`];
  return propertiesOf(schema as JsonObject).flatMap(([key, each]) => rows([...at, key], each, false));
}

function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => `\`${value}\``).join(', ');
  if (schema[PATH] === true) return 'path';
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  // `null` beside a type stands for absent.
  const [type] = [schema['type']].flat() as [string];
  if (type === 'integer') return `integer, ${minimum} … ${maximum}`;
  if (type === 'array') return 'list';
  if (type === 'object') return 'map';
  return type === 'string' ? 'text' : type;
}

if (import.meta.main) await writeFile(packagePath('docs/config.md'), configReference());
