import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Capability, CapabilityExample } from '../../kernel/capability/types.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { packagePath } from '../toolchain/package_path.ts';
import { acceptCapability } from './accept_capability.ts';
import { fieldsOf } from './schema_fields.ts';

/** The documentation of every built-in handler by file name, written from its capability. */
export function handlerReference(sources: string = packagePath('handlers')): ReadonlyMap<string, string> {
  const compiler = hostSchemaCompiler();
  const files = readdirSync(sources)
    .map((name) => join(sources, name, 'capability.json'))
    .filter((file) => existsSync(file))
    .sort();
  const capabilities = files.map((file) => acceptCapability(JSON.parse(readFileSync(file, 'utf8')), compiler));
  const names = new Set(capabilities.map(({ name }) => name));
  return new Map(capabilities.map((capability) => [`${capability.name}.md`, describe(capability, names)]));
}

function describe(capability: Capability, documented: ReadonlySet<string>): string {
  const { name, version, title, description, configSchema, inputSchema, outputSchema, errors, composition } =
    capability;
  const { usedWith, examples } = composition;
  return [
    `# ${name}: ${title}\n`,
    `Version ${version}. Written from handlers/${name}/capability.json by \`npm run docs\`; its README says more.\n`,
    `${description}\n`,
    ...(usedWith.length === 0
      ? []
      : [
          `Often used with ${usedWith.map((each) => (documented.has(each) ? `[${each}](${each}.md)` : each)).join(', ')}.\n`,
        ]),
    `## Config\n\n${table(configSchema)}`,
    `## Inputs\n\n${table(inputSchema)}`,
    `## Result\n\n${table(outputSchema)}`,
    '## Errors\n',
    '| code | tried again | meaning |\n| --- | --- | --- |',
    ...errors.map((error) => `| \`${error.code}\` | ${error.retryable ? 'yes' : 'no'} | ${cell(error.description)} |`),
    '',
    ...(examples.length === 0 ? [] : ['## Examples\n', ...examples.map((example) => exampleText(name, example))]),
  ].join('\n');
}

function table(schema: Capability['configSchema']): string {
  const fields = fieldsOf(schema);
  const about = typeof schema['description'] === 'string' ? `${schema['description']}\n\n` : '';
  if (fields.length === 0) return about.trimEnd().concat('\n');
  const rows = fields.map(({ path, type, preset, marks, description }) => {
    const note = [...marks, cell(description)].filter((part) => part !== '').join(' ');
    return `| \`${path}\` | ${cell(type)} | ${preset === undefined ? '' : cell(preset)} | ${note} |\n`;
  });
  return `${about}| field | type | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('')}`;
}

/** An example as a step would have it. */
function exampleText(name: string, { title, config, inputs, result }: CapabilityExample): string {
  const step = { handler: { catalog: name, config }, ...(Object.keys(inputs).length === 0 ? {} : { inputs }) };
  const shown = [`### ${title}\n`, `\`\`\`yaml\n${stringify(step, { lineWidth: 100 })}\`\`\`\n`];
  if (result !== undefined) shown.push('Its result:\n', `\`\`\`json\n${JSON.stringify(result, null, 2)}\n\`\`\`\n`);
  return shown.join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (import.meta.main) {
  const directory = join(dirname(packagePath('package.json')), 'docs', 'handlers');
  await mkdir(directory, { recursive: true });
  for (const [file, text] of handlerReference()) await writeFile(join(directory, file), text);
}
