import { writeFile } from 'node:fs/promises';
import type { JsonObject } from '../../kernel/json.ts';
import { packagePath } from '../toolchain/package_path.ts';
import { variableOf } from './environment.ts';
import { CONFIG_SCHEMA } from './schema/config_schema.ts';
import { documentedKeys, markdownTable } from './schema_table.ts';
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

const TITLES = ['key', 'type', 'default', 'variable', 'meaning'];

/** docs/config.md, written from the schema. */
export function configReference(): string {
  const keys = propertiesOf(CONFIG_SCHEMA);
  const own = keys.filter(([, schema]) => !isSection(schema) && schema['type'] === 'string');
  const sections = keys.filter(([, schema]) => isSection(schema) || schema['type'] !== 'string');
  return [
    INTRODUCTION,
    `## Top level\n\n${tableOf(own.map(([key, schema]) => [[key], schema]))}`,
    ...sections.map(([key, schema]) => {
      if (!isSection(schema)) return `## \`${key}\`\n\n${tableOf([[[key], schema]])}`;
      const inside = propertiesOf(schema).map(([name, each]) => [[key, name], each] as const);
      return `## \`${key}\`\n\n${schema['description']}\n\n${tableOf(inside)}`;
    }),
  ].join('\n');
}

/** The table of keys that can be set each by itself, and of those inside them. */
function tableOf(keys: readonly (readonly [path: readonly string[], schema: JsonObject])[]): string {
  const rows = keys.flatMap(([path, schema]) =>
    documentedKeys(path, schema).map(({ name, outermost, type, preset, meaning }) => [
      name,
      type,
      preset,
      outermost ? `\`${variableOf(path)}\`` : '',
      meaning,
    ]),
  );
  return markdownTable(TITLES, rows);
}

if (import.meta.main) await writeFile(packagePath('docs/config.md'), configReference());
