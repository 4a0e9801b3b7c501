import { globSync, readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { createHooks } from '../../kernel/hooks/hooks.ts';
import type { Json, JsonObject } from '../../kernel/json.ts';
import { compileValue } from '../../kernel/reference/parse.ts';
import { resolveValue } from '../../kernel/reference/resolve.ts';
import { checkAgainst } from '../../testing/check_schema.ts';
import { assert, suite } from '../../testing/suite.ts';
import { acceptCapability } from '../catalog/accept_capability.ts';
import { Catalog } from '../catalog/catalog.ts';
import { handlerReference } from '../catalog/handler_reference.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { TEST_SCHEMA } from '../template_test/test_schema.ts';
import { TemplateChecker } from './checker.ts';

const test = suite('documentation of templates');

const compiler = hostSchemaCompiler();

function builtIn(): TemplateChecker {
  const catalog = new Catalog();
  for (const file of globSync('handlers/*/capability.json')) {
    const capability = acceptCapability(JSON.parse(readFileSync(file, 'utf8')), compiler);
    catalog.register({ name: capability.name, version: capability.version, digest: capability.name, capability });
  }
  const limits = { template_bytes_max: 1e6, context_bytes_max: 1e6, template_steps_max: 100 } as never;
  return new TemplateChecker({ catalog, compiler, hooks: createHooks(), limits });
}

function snippets(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);
}

test('docs/handlers is what the capabilities say', () => {
  const written = handlerReference();
  assert.equal(readdirSync('docs/handlers').sort(), [...written.keys()].sort(), 'run `npm run docs`');
  for (const [file, text] of written)
    assert.is(readFileSync(`docs/handlers/${file}`, 'utf8'), text, 'run `npm run docs`');
});

test('documents every config key, error and example of a handler', () => {
  for (const [file, text] of handlerReference()) {
    const source = JSON.parse(readFileSync(`handlers/${file.replace('.md', '')}/capability.json`, 'utf8'));
    for (const key of Object.keys(source.configSchema.properties)) assert.match(text, `| \`${key}\` |`);
    for (const { code } of source.errors) assert.match(text, `| \`${code}\` |`);
    for (const { title } of source.composition.examples) assert.match(text, `### ${title}\n`);
  }
});

test('every template in the documentation is valid', () => {
  const checker = builtIn();
  const templates = ['composing', 'editor'].flatMap((name) => snippets(`docs/${name}.md`));
  assert.ok(templates.length >= 3);
  for (const text of templates) assert.equal(checker.check({ kind: 'text', text }).diagnostics, [], text);
});

test('the examples of handlers are valid steps', () => {
  const checker = builtIn();
  for (const file of globSync('docs/handlers/*.md')) {
    for (const text of snippets(file)) {
      const document: Json = { name: 'example', steps: [{ name: 'step', ...(parse(text) as JsonObject) }] };
      const problems = checker.check({ kind: 'document', document }).diagnostics;
      assert.equal(
        problems.filter(({ code }) => code === 'config_invalid' || code === 'inputs_invalid'),
        [],
        text,
      );
    }
  }
});

test('references give what the documentation says', () => {
  const text = readFileSync('docs/composing.md', 'utf8');
  const context = JSON.parse(/With the context `(.*)`:/.exec(text)![1]!) as JsonObject;
  const scope = { context, taskId: 'task', step: () => undefined, secret: () => '' };
  const [, table] = /With the context[\s\S]*?\| --- \| --- \|\n([\s\S]*?)\n\n/.exec(text)!;
  const rows = table!.split('\n').map((row) => /^\| `(.*)` \| `(.*)` \|$/.exec(row)!);
  assert.ok(rows.length > 10);
  for (const [row, written, given] of rows) {
    const { compiled, problems } = compileValue(JSON.parse(written!) as Json);
    assert.equal(problems, [], row);
    assert.equal(resolveValue(compiled, scope), JSON.parse(given!), row);
  }
});

test('the tests in the documentation are tests', () => {
  const texts = snippets('docs/testing.md');
  assert.ok(texts.length >= 2);
  for (const text of texts) checkAgainst(TEST_SCHEMA, parse(text) as Json, 'docs/testing.md');
});
